import RDB
import RDBConvert
import RDBFormat
import TestSupport
import Testing

/// Path hashes of Valkey 9.2 as JSON and as commands. No server at hand has the type.
@Suite("Converted path hashes")
struct ConvertedPathHashTests {
  private static let snapshot: [UInt8] = {
    var builder = SnapshotBuilder(version: 81, vendor: .valkey)
    let paths =
      RDBBytes.string("") + [1] + RDBBytes.string("root") + RDBBytes.string("value")
      + RDBBytes.string("a/b") + [2] + RDBBytes.string("f") + RDBBytes.string("v") + RDBBytes.string("g")
      + RDBBytes.string([0xFF])
    builder.key(23, "tree", value: [2] + paths, expiry: 4_102_444_800_000)
    builder.key(23, "empty", value: [0])
    builder.string("s", "v")
    return builder.whole
  }()

  @Test("Are an object of paths in JSON, in both shapes and in every way")
  func json() throws {
    let native = JSONConversion(Self.snapshot, layout: .lines, writer: ServerVersion(.valkey, 9, 2))
    let text = String(decoding: native.bytes, as: UTF8.self)
    #expect(
      text.contains(
        #""type":"path-hash","encoding":"radix","expiration":"2100-01-01T00:00:00.000Z","expire_ms":4102444800000,"paths":{"#
          + #""":{"root":"value"},"a/b":{"f":"v","g":{"$base64":"/w=="}}}}"#), "\(text)")
    #expect(text.contains(#""key":"empty","type":"path-hash","encoding":"radix","paths":{}}"#))
    let tools = JSONConversion(Self.snapshot, shape: .rdbtools)
    #expect(
      String(decoding: tools.bytes, as: UTF8.self).contains(
        #""tree":{"":{"root":"value"},"a/b":{"f":"v","g":{"$base64":"/w=="}}}"#))
    for way in JSONConversion.Way.all {
      #expect(
        JSONConversion(Self.snapshot, layout: .lines, writer: ServerVersion(.valkey, 9, 2), way: way).bytes
          == native.bytes)
    }
  }

  @Test("Are PHSET for a server that has them; an empty one is made of a path that is deleted again")
  func commands() {
    let converted = convert(Self.snapshot, target: "valkey-9.2") { $0.restore = .never }
    #expect(
      converted.lines == [
        "SELECT 0", #"PHSET tree "" FIELDS 1 root value"#, "PHSET tree a/b FIELDS 1 f v",
        #"PHSET tree a/b FIELDS 1 g "\xff""#, "PEXPIREAT tree 4102444800000",
        #"PHSET empty "" FIELDS 1 x y"#, #"PHDEL empty """#, "SET s v",
      ])
    #expect(converted.losses == [] && converted.error == nil)
  }

  @Test("Are RESTORE with version 81 for such a server, the empty one included")
  func restore() {
    for window in [64, 1 << 20] {
      let converted = convert(Self.snapshot, target: "valkey-9.2", window: window) { $0.restore = .always }
      #expect(converted.lines.filter { $0.hasPrefix("RESTORE") }.count == 3 && converted.losses == [])
      let payload = RDBBytes.payload([23, 0], version: 81)
      #expect(String(decoding: converted.bytes, as: UTF8.self).contains(String(decoding: payload, as: UTF8.self)))
    }
  }

  @Test("Are lost, and counted, where the server has no such type", arguments: ["7.2", "8.2", "valkey-9.1", "8.10"])
  func lost(_ target: String) {
    for restore in [RESPOptions.Restore.auto, .always, .never] {
      let converted = convert(Self.snapshot, target: target) { $0.restore = restore }
      #expect(converted.losses == ["key: path hashes need Valkey 9.2 ×2"])
      #expect(converted.summary.ledger.keysWritten == 1)
    }
  }

  @Test("Lose what is longer than the server's limit of a bulk string, field by field")
  func tooLong() {
    var builder = SnapshotBuilder(version: 81, vendor: .valkey)
    let long = String(repeating: "x", count: 700)
    let paths =
      RDBBytes.string(long) + [1] + RDBBytes.string("f") + RDBBytes.string("v")
      + RDBBytes.string("p") + [2] + RDBBytes.string("f") + RDBBytes.string(long) + RDBBytes.string("g")
      + RDBBytes.string("w")
    builder.key(23, "tree", value: [2] + paths)
    let converted = convert(builder.whole, target: "valkey-9.2") { ($0.restore, $0.bulkLimit) = (.never, 600) }
    #expect(converted.lines == ["SELECT 0", "PHSET tree p FIELDS 1 g w"])
    #expect(
      converted.losses == [
        "element: a path is longer than the bulk limit ×1", "element: an element is longer than the bulk limit ×1",
      ])
  }
}
