import RDB
import RDBFormat
import TestSupport
import Testing

/// Path hashes of Valkey 9.2, which no server at hand reads.
@Suite("Path hashes")
struct PathHashTests {
  /// A path hash of two paths, one without, and a string.
  static let snapshot: [UInt8] = {
    var builder = SnapshotBuilder(version: 81, vendor: .valkey)
    builder.key(
      23, "tree",
      value: [2] + path("", [("root", "value")])
        + path("a/b", [("f", "v"), (String(repeating: "long", count: 40), "w")]))
    builder.key(23, "empty", value: [0])
    builder.string("s", "v")
    return builder.whole
  }()

  /// A path as stored.
  static func path(_ path: String, _ fields: [(String, String)]) -> [UInt8] {
    RDBBytes.string(path) + RDBBytes.length(UInt64(fields.count))
      + fields.flatMap { RDBBytes.string($0.0) + RDBBytes.string($0.1) }
  }

  /// A snapshot of one path hash with the stored value, and a string.
  private static func snapshot(_ value: [UInt8]) -> [UInt8] {
    var builder = SnapshotBuilder(version: 81, vendor: .valkey)
    builder.key(23, "tree", value: value)
    builder.string("s", "v")
    return builder.whole
  }

  @Test("Give their paths with the fields of each")
  func elements() {
    let log = Way.whole.read(Self.snapshot, interest: .elements).log
    let long = String(repeating: "long", count: 40)
    let parts = log.filter { $0.hasPrefix("path ") || $0.hasPrefix("  ") }
    #expect(
      parts == [
        #"path "" fields 1"#, #"  "root" "value""#, #"path "a/b" fields 2"#, #"  "f" "v""#, #"  "\#(long)" "w""#,
      ])
    #expect(log.filter { $0.hasPrefix("end ") }.count == 3)
  }

  @Test("Give the same events however their bytes arrive", arguments: ReadingTests.interests)
  func everyWay(_ interest: Interest) {
    for bytes in [Self.snapshot, Fixture.named("crafted/v81-pathhash").bytes] {
      let whole = Way.whole.read(bytes, interest: interest)
      #expect(whole.error == nil)
      for way in Way.allCases { #expect(way.read(bytes, interest: interest).log == whole.log, "\(way)") }
    }
  }

  @Test("Are as long for a sink that steps over them as for one that reads them")
  func lengths() {
    let bytes = Fixture.named("crafted/v81-pathhash").bytes
    func ends(_ interest: Interest) -> [Substring] {
      Way.whole.read(bytes, interest: interest).log.filter { $0.hasPrefix("end ") }.map { $0.split(separator: " ")[1] }
    }
    for interest in [Interest.skip, .measure, .validate, .stored] { #expect(ends(interest) == ends(.elements)) }
  }

  @Test("May have no path, but no path without fields, and end where the file ends")
  func damage() {
    #expect(Way.whole.read(Self.snapshot([1] + Self.path("p", [])), interest: .skip).error == nil)
    for interest in [Interest.elements, .validate] {
      #expect(Way.whole.read(Self.snapshot([0]), interest: interest).error == nil)
      let empty = Way.whole.read(Self.snapshot([1] + Self.path("p", [])), interest: interest).error
      #expect(empty?.hasPrefix("corruptHash") == true && empty?.contains("at least one field at a path") == true)
      let absurd = [1] + RDBBytes.string("p") + [0x81] + [UInt8](repeating: 0xFF, count: 8)
      #expect(Way.whole.read(Self.snapshot(absurd), interest: interest).error != nil)
    }
    // A key left out with its value: the lengths lead to its end.
    let skipped = Way.whole.read(Self.snapshot([1] + Self.path("p", [])), interest: .elements, skipsDamaged: true)
    #expect(skipped.error == nil && skipped.log.contains { $0.hasPrefix("damaged") })
    let bytes = Self.snapshot
    for count in 9..<(bytes.count - 9) {
      for way in [Way.whole, .pushed7] {
        #expect(way.read(Array(bytes[..<count]), interest: .elements).error?.hasPrefix("truncated") == true)
      }
    }
  }
}
