import RDB
import RDBFormat
import TestSupport
import Testing

private typealias B = RDBBytes

@Suite("Checking small packed hashes and sorted sets")
struct PairCheckTests {
  /// Pairs of an entry of a kind, and a second entry that may be a score.
  private static func entries(_ generator: inout SeededGenerator) -> [B.Entry] {
    let scores: [B.Entry] = [
      .integer(5), .integer(-300), .integer(1 << 40), .text(Array("1.25".utf8)), .text(Array("12345678".utf8)),
      .text(Array("0.5".utf8)), .text(Array("-7.125".utf8)), .text(Array("1e300".utf8)), .text(Array("inf".utf8)),
      .text(Array("123456.5".utf8)), .raw([0xC5, 0x01]), .raw([0xF1, 1, 2]), .raw([0xF2, 1, 2, 3]),
      .raw([0xF3, 1, 2, 3, 4]),
    ]
    let others: [B.Entry] = [
      .text(Array("nan".utf8)), .text(Array("1..5".utf8)), .text(Array("1/.5".utf8)), .text([]),
      .text(Array("1234x".utf8)),
      .text([0xB1, 0x2E, 0x31, 0x32]), .raw([0xE0, 100] + [UInt8](repeating: 97, count: 100)),
      .raw([0xF0, 80, 0, 0, 0] + [UInt8](repeating: 98, count: 80)),
    ]
    return (0..<Int.random(in: 0...36, using: &generator)).flatMap { index in
      let member: B.Entry =
        switch Int.random(in: 0..<40, using: &generator) {
        case 0: .integer(Int64(index))
        case 1: .text(Array("\(index)".utf8))
        case 2: .raw([0xE0, 70] + [UInt8](repeating: UInt8(index), count: 70))
        case 3: .text([])
        case 4: .text(Array("m0".utf8))
        default: .text(Array("m\(index)".utf8))
        }
      let isOther = Int.random(in: 0..<60, using: &generator) == 0
      return [member, (isOther ? others : scores).randomElement(using: &generator)!]
    }
  }

  @Test("Finds a member twice, whatever the other members are")
  func twice() {
    for (first, second) in [("m12", "m25"), ("m21", "m22"), ("m30", "m33"), ("m1", "m33")] {
      let members = (0..<34).map { "m\($0)" }.map { $0 == second ? first : $0 }
      let listpack = B.listpack(members.flatMap { [.text(Array($0.utf8)), .integer(5)] })
      let bytes = B.snapshot(version: 12, B.key(16, B.string(listpack)))
      // Each reader has a random number of its own.
      for _ in 0..<20 {
        #expect(errorOf(bytes, .elements)?.code == .duplicateMember, "\(first), \(second)")
        #expect(errorOf(bytes, .validate)?.code == .duplicateMember, "\(first), \(second)")
      }
    }
  }

  @Test("Gives the verdict that reading the elements gives, also on changed bytes", arguments: [UInt8(16), 17])
  func verdicts(_ type: UInt8) {
    var generator = SeededGenerator(seed: UInt64(type))
    var damaged = 0
    for round in 0..<600 {
      var listpack = B.listpack(Self.entries(&generator))
      if round % 2 == 1 {
        let index = Int.random(in: 0..<listpack.count, using: &generator)
        listpack[index] = UInt8.random(in: .min ... .max, using: &generator)
      }
      let bytes = B.snapshot(version: 12, B.key(type, B.string(listpack)))
      let (read, checked) = (errorOf(bytes, .elements), errorOf(bytes, .validate))
      if read != nil { damaged += 1 }
      #expect(read.map { "\($0)" } == checked.map { "\($0)" }, "\(listpack)")
    }
    #expect((100..<500).contains(damaged), "\(damaged)")
  }
}
