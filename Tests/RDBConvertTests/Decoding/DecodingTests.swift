import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import RESP
import TestSupport
import Testing

/// What `JSONOptions.decodes` adds, compared with what servers reply.
@Suite("Decoded values")
struct DecodingTests {
  struct Unexpected: Error { let reply: String }

  private func bytes(_ value: RESPValue) throws -> [UInt8] {
    guard let bytes = value.bytes else { throw Unexpected(reply: "\(value)") }
    return bytes
  }

  @Test("Have the cardinality that PFCOUNT replies, with and without its cache", arguments: LiveServer.Kind.allCases)
  func cardinality(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    var count = 0
    for size in [0, 1, 2, 10, 100, 250, 1000, 3000, 20_000, 150_000] {
      while count < size {
        let members = (count..<min(size, count + 5000)).map { Array("member \($0)".utf8) }
        _ = try connection.commands([[Array("PFADD".utf8), Array("h".utf8)] + members])
        count += members.count
      }
      if size == 0 { try connection.command("PFADD", "h") }
      let uncached = try bytes(connection.command("GET", "h"))
      guard case .integer(let expected) = try connection.command("PFCOUNT", "h") else {
        throw Unexpected(reply: "no count")
      }
      let cached = try bytes(connection.command("GET", "h"))
      #expect(HyperLogLog.cardinality(of: uncached.span.bytes) == UInt64(expected), "\(size)")
      #expect(HyperLogLog.cardinality(of: cached.span.bytes) == UInt64(expected), "\(size)")
    }
  }

  @Test("Have no cardinality if PFCOUNT refuses the string")
  func malformedHyperLogLogs() throws {
    let header = Array("HYLL".utf8) + [1, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0x80]
    let empty = header + [0x7F, 0xFF]
    #expect(HyperLogLog.cardinality(of: empty.span.bytes) == 0)
    let dense = [UInt8](empty[..<4]) + [0] + empty[5..<16] + [UInt8](repeating: 0, count: 12_288)
    #expect(HyperLogLog.cardinality(of: dense.span.bytes) == 0)
    let wrong: [[UInt8]] = [
      [], Array("HYLL".utf8), header, header + [0x7F], header + [0x7F, 0xFE], header + [0x7F, 0xFF, 0x00],
      header + [0x80] + [0x7F, 0xFF], dense.dropLast() + [], dense + [0], [UInt8](empty[..<4]) + [2] + empty[5...],
      [0x48, 0x59, 0x4C, 0x4D] + empty[4...],
    ]
    for bytes in wrong { #expect(HyperLogLog.cardinality(of: bytes.span.bytes) == nil, "\(bytes.prefix(20))") }
  }

  @Test("Have the position that GEOPOS replies", arguments: LiveServer.Kind.allCases)
  func places(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    var random = SeededGenerator(seed: 5)
    var places = [(13.361389, 38.115556), (-180, -85.05112878), (180, 85.05112878), (0, 0), (-0.0000001, 0.0000001)]
    for _ in 0..<500 {
      places.append(
        (Double(random.next() % 360_000_000) / 1e6 - 180, Double(random.next() % 170_000_000) / 1e6 - 85))
    }
    for (index, place) in places.enumerated() {
      try connection.command("GEOADD", "g", "\(place.0)", "\(place.1)", "m\(index)")
      let score = try #require(
        Double(String(decoding: bytes(connection.command("ZSCORE", "g", "m\(index)")), as: UTF8.self)))
      guard case .array(let all) = try connection.command("GEOPOS", "g", "m\(index)"), case .array(let pair) = all[0]
      else {
        throw Unexpected(reply: "no place")
      }
      let decoded = try #require(GeoPosition(score: score))
      // Some servers print 17 decimals, and no more digits of a number near 0.
      for (reply, own) in zip(pair, [decoded.longitude, decoded.latitude]) {
        let number = try #require(Double(String(decoding: try bytes(reply), as: UTF8.self)))
        #expect(abs(number - own) <= (abs(number) < 0.01 ? 1e-17 : 0), "\(place)")
      }
    }
  }

  @Test(
    "Have no place for a score that cannot be one",
    arguments: [-1, -0.0, 0.5, 4_503_599_627_370_497, 18_014_398_509_481_984, .infinity, -.infinity])
  func noPlace(_ score: Double) {
    #expect(GeoPosition(score: score) == nil)
    #expect(GeoPosition(score: 0) != nil && GeoPosition(score: 4_503_599_627_370_495) != nil)
  }

  private func decoded(_ dump: [UInt8], _ layout: JSONOptions.Layout = .lines) -> [String] {
    let converted = JSONConversion(dump, layout: layout, decodes: true)
    #expect(converted.error == nil)
    return String(decoding: converted.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test("Are additional members of strings and sorted sets")
  func members() {
    var dump = SnapshotBuilder(version: 9)
    dump.string("h", Array("HYLL".utf8) + [1, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0x80] + [0x7F, 0xFF])
    dump.string("s", "HYLL")
    dump.zset("g", [("Palermo", 3_479_099_956_230_698), ("half", 0.5), ("no end", .infinity)])
    let lines = decoded(dump.whole)
    #expect(lines[0].hasSuffix(#"},"cardinality":0}"#))
    #expect(lines[1].hasSuffix(#","value":"HYLL"}"#))
    #expect(
      lines[2].hasSuffix(
        #""entries":[{"member":"Palermo","score":3479099956230698,"longitude":13.361389338970184,"#
          + #""latitude":38.1155563954963},{"member":"half","score":0.5},"#
          + #"{"member":"no end","score":null,"score_text":"inf"}]}"#), "\(lines[2])")
    let plain = JSONConversion(dump.whole, layout: .lines)
    #expect(!String(decoding: plain.bytes, as: UTF8.self).contains("cardinality"))
    for way in JSONConversion.Way.all {
      #expect(
        JSONConversion(dump.whole, layout: .lines, decodes: true, way: way).bytes == Array(
          lines.joined(separator: "\n").utf8) + [10])
    }
  }

  @Test("Are the parameters of Bloom filters beside their payload")
  func bloom() throws {
    let fixture = Fixture.named("redis-8.2.3/bloom")
    let plain = try JSONConversion(fixture.bytes).keys()
    let keys = try JSONConversion(fixture.bytes, decodes: true).keys()
    let users = try #require(keys.first { $0["key"]?.text == "bf:users" })
    #expect(users["decoded"]?["items"] == .number("300") && users["decoded"]?["growth"] == .number("2"))
    let filter = try #require(users["decoded"]?["filters"]?.array?.first)
    #expect(filter["capacity"] == .number("1000") && filter["error_rate"] == .number("0.005"))
    #expect(filter["hashes"] == .number("8") && filter["items"] == .number("300"))
    let scaling = try #require(keys.first { $0["key"]?.text == "bf:scaling" })
    #expect((scaling["decoded"]?["filters"]?.array?.count ?? 0) > 1)
    for (one, other) in zip(plain, keys) {
      #expect(one["value"] == other["value"] && one["value"] != nil || one["module"] == nil)
    }
    #expect(keys.contains { $0["module"]?.text == "MBbloomCF" && $0["decoded"] == nil })
  }

  /// A value of a module with an encoding version: the name as 54 bits, then items, then the end.
  private static func module(_ base: UInt64, _ version: UInt64, _ items: [[UInt8]]) -> [UInt8] {
    RDBBytes.length(base | version) + items.joined() + [0]
  }

  private static let json: UInt64 = 0x45E2_5238_DF91_2C00
  private static let series: UInt64 = 0x4D20_C1F9_360F_1000

  @Test("Are the documents of RedisJSON in their older stored versions")
  func oldRedisJSON() {
    func text(_ text: String) -> [UInt8] { SnapshotBuilder.item(text) }
    var dump = SnapshotBuilder(version: 9)
    let tree: [[UInt8]] =
      [[2, 0x20], [2, 3]]
      + [
        [2] + RDBBytes.length(0x80), text("a\"b"), [2] + RDBBytes.length(0x40), [2, 4], [2, 1], [2, 0x10], text("1"),
        [2, 0x10], text("0"),
      ]
      + [[2, 8], [1] + RDBBytes.length(UInt64(bitPattern: -7))]
      + [[2] + RDBBytes.length(0x80), text("n"), [2, 4], [4] + RDBBytes.little((0.1).bitPattern)]
      + [[2] + RDBBytes.length(0x80), text("s"), [2, 2], text("é\n")]
    dump.key(7, "tree", value: Self.module(Self.json, 0, tree))
    dump.key(7, "text", value: Self.module(Self.json, 2, [text("{\"x\":\n1}"), [2, 0]]))
    dump.key(7, "indexed", value: Self.module(Self.json, 2, [text("[1]"), [2, 1], text("index"), text("path")]))
    dump.key(7, "bad", value: Self.module(Self.json, 0, [[2, 3]]))
    dump.key(7, "cut", value: Self.module(Self.json, 0, [[2] + RDBBytes.length(0x40), [2, 9], [2, 1]]))
    let lines = decoded(dump.whole)
    #expect(lines[0].contains(#""module_version":0,"value":""#))
    #expect(lines[0].hasSuffix(#"","json":{"a\"b":[null,true,false,-7],"n":0.1,"s":"é\u000a"}}"#), "\(lines[0])")
    #expect(lines[1].hasSuffix(#"","json":{"x": 1}}"#) && lines[2].hasSuffix(#"","json":[1]}"#))
    #expect(!lines[3].contains("\"json\"") && !lines[4].contains("\"json\""))
  }

  @Test("Are the head and labels of time series", arguments: [2, 3, 8] as [UInt64])
  func timeSeries(_ version: UInt64) {
    func text(_ text: String) -> [UInt8] { SnapshotBuilder.item(text) }
    func number(_ value: UInt64) -> [UInt8] { [2] + RDBBytes.length(value) }
    let double: [UInt8] = [4] + RDBBytes.little((21.5).bitPattern)
    var items = [
      text("temp"), number(3_600_000), number(4096), number(2), number(1_700_000_000_000), double, number(5),
    ]
    if version >= 3 { items.append(number(1)) }
    items += [number(1), text("source")]
    if version >= 8 { items += [number(10), double] }
    items += [number(2), text("room"), text("1"), text("kind"), text("t"), number(0), number(1), text("chunk")]
    var dump = SnapshotBuilder(version: 9)
    dump.key(7, "ts", value: Self.module(Self.series, version, items))
    let line = decoded(dump.whole)[0]
    #expect(
      line.contains(
        #""decoded":{"retention_ms":3600000,"chunk_bytes":4096,"options":2,"last_timestamp_ms":1700000000000,"last_value":21.5,"samples":5"#
      ))
    #expect(line.hasSuffix(#","labels":{"room":"1","kind":"t"}}}"#), "\(line)")
    #expect(
      line.contains("duplicate_policy") == (version >= 3) && line.contains("ignore_max_time_diff") == (version >= 8))
  }
}
