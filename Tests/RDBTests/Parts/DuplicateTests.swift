import RDB
import RDBFormat
import TestSupport
import Testing

/// Members that occur twice in values too large for one walk.
@Suite("Duplicates in large values")
struct DuplicateTests {
  private static func error(_ type: UInt8, _ blob: [UInt8]) -> String? {
    Way.whole.read(RDBBytes.snapshot(version: 11, RDBBytes.key(type, RDBBytes.string(blob))), interest: .validate).error
  }

  /// A zipmap with a count that is not known, of fields of three bytes without values.
  private static func zipmap(_ fields: some Sequence<Int>) -> [UInt8] {
    var blob: [UInt8] = [0xFE]
    for field in fields {
      blob += [3, UInt8(field & 255), UInt8(field >> 8 & 255), UInt8(field >> 16)]
      // An empty value, and no spare bytes after it.
      blob += [0, 0]
    }
    return blob + [0xFF]
  }

  @Test("Are found in a zipmap of more fields than the table holds")
  func zipmap() throws {
    let count = (1 << 18) + 10
    func findings(_ blob: [UInt8]) -> [String] {
      Way.whole.read(RDBBytes.snapshot(version: 11, RDBBytes.key(9, RDBBytes.string(blob))), interest: .elements).log
        .filter { $0.hasPrefix("finding") }
    }
    let unique = Way.whole.read(
      RDBBytes.snapshot(version: 11, RDBBytes.key(9, RDBBytes.string(Self.zipmap(0..<count)))), interest: .validate)
    #expect(unique.error == nil)
    // The table has the first members when it meets the last ones, and the last ones when it is filled again.
    for twin in [5, count - 2] {
      let error = Self.error(9, Self.zipmap(Array(0..<count) + [twin]))
      let found = findings(Self.zipmap(Array(0..<count) + [twin]))
      #expect(error?.contains("duplicateMember") == true || !found.isEmpty, "\(twin)")
    }
  }

  @Test("Are found in a listpack with a member of 17 MiB")
  func large() throws {
    let long = [UInt8](repeating: 120, count: 17 << 20)
    for (members, isUnique) in [([long, [97], [98]], true), ([long, [97], long], false)] {
      var listpack = ListpackWriter()
      for member in members { listpack.append(member.span.bytes) }
      let blob = [UInt8](try listpack.finished())
      let reading = Way.whole.read(
        RDBBytes.snapshot(version: 11, RDBBytes.key(20, RDBBytes.string(blob))), interest: .validate)
      let isFound = reading.error != nil || reading.log.contains { $0.hasPrefix("finding") }
      #expect(isFound != isUnique)
    }
  }
}
