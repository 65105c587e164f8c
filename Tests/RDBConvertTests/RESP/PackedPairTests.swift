import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import TestSupport
import Testing

/// A sink that gets every pair on its own, as sinks do that take no packed pairs.
private struct PairByPair: ForwardingSink, OutputSink, ~Copyable {
  var base: RESPSink
  mutating func endBatch() throws { try base.endBatch() }
  mutating func endEarly() throws { try base.endEarly() }
  consuming func finish() throws -> RESPSummary { try base.finish() }
}

@Suite("Small hashes and sorted sets as commands")
struct PackedPairTests {
  /// The commands of a snapshot, and how the reading ended.
  private struct Result: Equatable {
    var bytes: [UInt8] = []
    var keysWritten: UInt64 = 0
    var error: String?
  }

  private static func convert<S: OutputSink & ~Copyable>(
    _ snapshot: [UInt8], _ sink: @escaping @Sendable (any ByteDestination) -> S
  ) -> Result where S.Summary == RESPSummary {
    var result = Result()
    let destination = MemoryDestination()
    do {
      var reader = RDBReader(MemorySource(snapshot))
      result.keysWritten = try reader.write(to: destination, threads: 1, makeSink: sink).summary.ledger.keysWritten
    } catch {
      result.error = "\(error)"
    }
    result.bytes = destination.bytes
    return result
  }

  private static func isSameBothWays(_ snapshot: [UInt8], _ options: RESPOptions) -> Bool {
    let whole = convert(snapshot) { RESPSink(options, to: $0) }
    let pairByPair = convert(snapshot) { PairByPair(base: RESPSink(options, to: $0)) }
    return whole == pairByPair
  }

  /// Returns an entry whose kind and size are random, often one at a limit of the layout.
  private static func entry(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return [UInt8(Int.random(in: 0..<128, using: &random))]
    case 1: return RDBBytes.big(0xC000 | UInt16.random(in: 0..<0x2000, using: &random))
    case 2, 3:
      let width = [2, 3, 4, 8].randomElement(using: &random)!
      let limits: [Int64] = [0, 9_999, 10_000, 99_999_999, 100_000_000, -1, .max, .min]
      let value = Bool.random(using: &random) ? limits.randomElement(using: &random)! : Int64(bitPattern: random.next())
      return [[2: 0xF1, 3: 0xF2, 4: 0xF3, 8: 0xF4][width]!] + RDBBytes.little(value).prefix(width)
    case 4:
      let count = [63, 64, 65, 300, 4095].randomElement(using: &random)!
      let bytes = [UInt8](repeating: UInt8.random(in: 65...90, using: &random), count: count)
      return count < 64 ? [0x80 | UInt8(count)] + bytes : RDBBytes.big(0xE000 | UInt16(count)) + bytes
    case 5:
      let scores = [
        "1.5", "0.25", "10.50", "012.5", "3.", ".5", "-1.5", "1e5", "inf", "nan", "0.00001", "1234567.5", "-0",
      ]
      let text = Array(scores.randomElement(using: &random)!.utf8)
      return [0x80 | UInt8(text.count)] + text
    default:
      let count = Int.random(in: 0..<40, using: &random)
      return [0x80 | UInt8(count)] + (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  /// Returns a listpack of random pairs, which may be damaged.
  private static func listpack(_ random: inout SeededGenerator, areScores: Bool) -> [UInt8] {
    var entries: [RDBBytes.Entry] = []
    for number in 0..<Int.random(in: 0...34, using: &random) {
      // Few names, so that some occur twice.
      let name = Array("f\(Int.random(in: 0..<400, using: &random))".utf8)
      entries.append(number % 3 == 0 ? .raw(entry(&random)) : .text(name))
      let score = Array(
        "\(Int.random(in: 1..<9, using: &random))\(number).\(Int.random(in: 1..<9, using: &random))".utf8)
      entries.append(areScores && number % 5 != 0 ? .text(score) : .raw(entry(&random)))
    }
    var bytes = RDBBytes.listpack(entries)
    if Int.random(in: 0..<4, using: &random) == 0 {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
    }
    return bytes
  }

  @Test("Have the same commands and the same errors whether the pairs come together or one by one", arguments: 0..<8)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var differing: [Int] = []
    for number in 0..<(TestExtent.current == .sample ? 200 : 2_000) {
      let isHash = Bool.random(using: &random)
      let value = RDBBytes.string(Self.listpack(&random, areScores: !isHash))
      let snapshot = RDBBytes.snapshot(
        version: 11, RDBBytes.key(isHash ? 16 : 17, value) + RDBBytes.key(0, RDBBytes.string("v"), name: "after"))
      var options = RESPOptions(target: ServerVersion("7.0")!)
      if number % 7 == 0 { options.commandElementCount = 5 }
      if number % 11 == 0 { options.bulkLimit = 40 }
      if number % 5 == 0 { options.commandByteCount = 300 }
      if !Self.isSameBothWays(snapshot, options) { differing.append(number) }
    }
    #expect(differing.isEmpty)
  }

  @Test("Are read pair by pair if a field occurs twice, which is an error")
  func twice() {
    let value = RDBBytes.string(RDBBytes.listpack(["a", 1, "b", 2, "a", 3]))
    let snapshot = RDBBytes.snapshot(version: 11, RDBBytes.key(16, value))
    let result = Self.convert(snapshot) { RESPSink(RESPOptions(target: ServerVersion("7.0")!), to: $0) }
    #expect(result.error?.contains("twice") == true || result.error?.contains("duplicate") == true, "\(result)")
  }

  /// The error of a read that does not write anything.
  private static func error(_ snapshot: [UInt8], _ interest: Interest) -> String? {
    var sink = NoSink(interest: interest)
    do {
      var reader = RDBReader(MemorySource(snapshot))
      try reader.read(into: &sink)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("Have the same errors whether they are only checked or read, and whatever follows them", arguments: 0..<8)
  func checked(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var differing: [Int] = []
    var damaged = 0
    for number in 0..<(TestExtent.current == .sample ? 400 : 4_000) {
      let isHash = Bool.random(using: &random)
      let value = RDBBytes.string(Self.listpack(&random, areScores: !isHash))
      let key = RDBBytes.key(isHash ? 16 : 17, value)
      // Fewer and more bytes than the check by larger steps needs.
      let after = RDBBytes.string([UInt8](repeating: 0x80, count: [0, 100, 400][number % 3]))
      let snapshot = RDBBytes.snapshot(version: 11, key + RDBBytes.key(0, after, name: "after"))
      let errors = [Interest.elements, .validate].map { Self.error(snapshot, $0) }
      if errors[0] != errors[1] { differing.append(number) }
      if errors[0] != nil { damaged += 1 }
    }
    #expect(differing.isEmpty)
    #expect(damaged > 40)
  }

  @Test(
    "May not have a field twice, as an integer of some width and as its text",
    arguments: ["5", "-7", "300", "12345678"])
  func twiceInOtherForms(_ text: String) {
    let number = Int64(text)!
    var forms: [[UInt8]] = [[0x80 | UInt8(text.utf8.count)] + Array(text.utf8)]
    if (0..<128).contains(number) { forms.append([UInt8(number)]) }
    if (-4096..<4096).contains(number) {
      forms.append(RDBBytes.big(0xC000 | UInt16(truncatingIfNeeded: number) & 0x1FFF))
    }
    for (code, width) in [(0xF1 as UInt8, 2), (0xF2, 3), (0xF3, 4), (0xF4, 8)] {
      let unused = 64 - 8 * width
      if (number << unused) >> unused == number { forms.append([code] + RDBBytes.little(number).prefix(width)) }
    }
    let after = RDBBytes.key(0, RDBBytes.string([UInt8](repeating: 1, count: 300)), name: "after")
    var accepted: [[[UInt8]]] = []
    for one in forms {
      for other in forms {
        let entries: [RDBBytes.Entry] = [.text(Array("name".utf8)), 1, .raw(one), 2, .raw(other), 3]
        let value = RDBBytes.string(RDBBytes.listpack(entries))
        let snapshot = RDBBytes.snapshot(version: 11, RDBBytes.key(16, value) + after)
        let result = Self.convert(snapshot) { RESPSink(RESPOptions(target: ServerVersion("7.0")!), to: $0) }
        for error in [result.error, Self.error(snapshot, .validate), Self.error(snapshot, .elements)]
        where error?.contains("duplicateMember") != true {
          accepted.append([one, other])
        }
      }
    }
    #expect(forms.count >= 3)
    #expect(accepted.isEmpty)
  }
}
