import Foundation
import RDB
import RDBEdit
import RDBFormat
import TestSupport
import Testing

@Suite("Masked names")
struct MaskedNameTests {
  private func mask(
    _ names: [String], keepNames: UInt64 = 1000, separators: [String] = [":"], threads: Int = 1
  ) throws -> [String] {
    var builder = SnapshotBuilder(version: 9)
    for name in names { builder.string(name, "x") }
    let masked = try MaskedReading.mask(
      builder.whole, keepNames: keepNames, separators: separators, threads: threads)
    return try MaskedReading.read(masked.bytes).keys.map { String(decoding: $0.name, as: UTF8.self) }
  }

  @Test("stay different, for all short numbers and words and many long ones")
  func different() throws {
    var names = (0..<20_000).map { "user:\($0)" }
    for first in "abcdefghijklmnopqrstuvwxyz" {
      names.append("\(first)")
      for second in "abcdefghijklmnopqrstuvwxyz0123456789-.é" { names.append("\(first)\(second)") }
    }
    names += (0..<2000).map { "session:\($0 * 7919 % 2000)-\($0 % 13)-abcdef-\($0)" }
    let masked = try mask(names)
    #expect(Set(masked).count == Set(names).count)
    #expect(zip(names, masked).allSatisfy { $0.utf8.count == $1.utf8.count })
    let same = zip(names, masked).filter { $0 == $1 }
    #expect(same.isEmpty, "\(same.prefix(5))")
  }

  @Test("keep parts that exactly the given number of keys share, and no part that one key less shares")
  func threshold() throws {
    let names =
      (0..<100).map { "often:\($0)" } + (0..<99).map { "seldom:\($0)" }
      // Twice in one name counts once.
      + (0..<60).map { "twice:twice:\($0)" }
    let masked = try mask(names, keepNames: 100)
    #expect(masked[..<100].allSatisfy { $0.hasPrefix("often:") })
    #expect(masked[100...].allSatisfy { !$0.contains("seldom") && !$0.contains("twice") })
    #expect(Set(masked[100..<199].map { $0.prefix(7) }).count == 1)
    #expect(try mask(names, keepNames: 100, threads: 3) == masked)
  }

  @Test("never become a part that stays")
  func apart() throws {
    // All one-letter parts but two stay, so these two can only be exchanged.
    let letters = "cdefghijklmnopqrstuvwxyz".map(String.init)
    let names = letters.flatMap { letter in (0..<3).map { "\(letter):\($0)" } } + ["a:7", "b:7"]
    let masked = try mask(names, keepNames: 3)
    #expect(masked.suffix(2).map { $0.prefix(1) } == ["b", "a"])
    #expect(Set(masked).count == names.count)
  }

  @Test("keep separators and the braces of hash tags in place")
  func separators() throws {
    let names = ["{user1000}.following", "a-b::c/d", "{}", "::", "{a}{b}:{c", "über:straße"]
    let masked = try mask(names, separators: [":", "/", "::"])
    for (name, result) in zip(names, masked) {
      #expect(
        name.utf8.map { "{}:/".utf8.contains($0) ? $0 : 0 } == result.utf8.map { "{}:/".utf8.contains($0) ? $0 : 0 })
    }
    #expect(masked[2] == "{}" && masked[3] == "::")
    #expect(String(validating: masked[5].utf8, as: UTF8.self) != nil)
  }

  @Test("use separators that are letters or digits only as separators")
  func letters() throws {
    let masked = try mask(["1x2x3", "10x22", "abx0"], separators: ["x", "0"])
    #expect(masked.map { $0.filter { $0 == "x" || $0 == "0" } } == ["xx", "0x", "x0"])
  }

  @Test("depend on the salt only")
  func salt() throws {
    let names = ["user:1001", "user:1002", "cart:1001"]
    let masked = try mask(names)
    #expect(try mask(names) == masked)
    #expect(masked[0].split(separator: ":")[1] == masked[2].split(separator: ":")[1])
    #expect(try mask(Array(names.reversed())) == masked.reversed())
  }

  @Test("refuse separators that are empty or not ASCII")
  func refused() {
    #expect(throws: RDBError.self) { try MaskingOptions(separators: [[]], salt: [1]) }
    #expect(throws: RDBError.self) { try MaskingOptions(separators: [Array("→".utf8)], salt: [1]) }
  }
}
