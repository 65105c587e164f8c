import RDB
import RDBConvert
import TestSupport
import Testing

@Suite("The objects of a JSON sink")
struct JSONShapeTests {
  private func text(
    _ dump: SnapshotBuilder, layout: JSONOptions.Layout = .array, strings: JSONOptions.Strings = .utf8,
    shape: JSONOptions.Shape = .native, meta: Bool = false
  ) -> String {
    let conversion = JSONConversion(dump.whole, layout: layout, strings: strings, shape: shape, meta: meta)
    #expect(conversion.error == nil)
    return String(decoding: conversion.bytes, as: UTF8.self)
  }

  private var twoDatabases: SnapshotBuilder {
    var dump = SnapshotBuilder()
    dump.string("a", "1")
    dump.select(2)
    dump.expiry(1_767_225_600_000)
    dump.string("b", [0xFF] as [UInt8])
    dump.select(0)
    dump.string("$base64:", "c")
    return dump
  }

  @Test("Writes the members of an object in a fixed order")
  func native() {
    let expected = """
      [
      {"db":0,"key":"a","type":"string","encoding":"int","value":"1"},
      {"db":2,"key":"b","type":"string","encoding":"raw","expiration":"2026-01-01T00:00:00.000Z","expire_ms":1767225600000,"value":{"$base64":"/w=="}},
      {"db":0,"key":"$base64:","type":"string","encoding":"raw","value":"c"}
      ]

      """
    #expect(text(twoDatabases) == expected)
    let lines = expected.split(separator: "\n").dropFirst().dropLast().map { $0.hasSuffix(",") ? $0.dropLast() : $0 }
    #expect(text(twoDatabases, layout: .lines) == lines.map { $0 + "\n" }.joined())
  }

  @Test("Writes a header and an end with the option meta")
  func meta() {
    #expect(
      text(twoDatabases, layout: .lines, meta: true).split(separator: "\n").map { $0.prefix(24) } == [
        "{\"type\":\"header\",\"format", "{\"db\":0,\"key\":\"a\",\"type\"", "{\"db\":2,\"key\":\"b\",\"type\"",
        "{\"db\":0,\"key\":\"$base64:\"", "{\"type\":\"end\",\"keys\":3}",
      ])
    #expect(
      text(SnapshotBuilder(), meta: true) == """
        [
        {"type":"header","format":1,"strings":"utf8","vendor":"redis","rdb_version":4},
        {"type":"end","keys":0}
        ]

        """)
  }

  @Test("Writes an empty array, or no line, for an empty snapshot")
  func empty() {
    #expect(text(SnapshotBuilder()) == "[]\n")
    #expect(text(SnapshotBuilder(), layout: .lines) == "")
    #expect(text(SnapshotBuilder(), shape: .rdbtools) == "[]\n")
    #expect(text(SnapshotBuilder(), layout: .lines, shape: .rdbtools) == "")
  }

  @Test("Writes one object per group of adjacent keys of a database in the shape rdbtools")
  func rdbtools() {
    #expect(
      text(twoDatabases, shape: .rdbtools)
        == "[{\n\"a\":\"1\"\n},{\n\"b\":{\"$base64\":\"/w==\"}\n},{\n\"$base64:JGJhc2U2NDo=\":\"c\"\n}]\n")
    #expect(
      text(twoDatabases, layout: .lines, shape: .rdbtools)
        == "{\"a\":\"1\"}\n{\"b\":{\"$base64\":\"/w==\"}}\n{\"$base64:JGJhc2U2NDo=\":\"c\"}\n")
  }

  @Test("Writes entries of streams in the shape rdbtools as librdb does")
  func streams() throws {
    let fixture = Fixture.named("redis-7.2.6/streams")
    let written = JSONConversion(fixture.bytes, shape: .rdbtools)
    let members = try written.document().array?.flatMap { $0.members ?? [] } ?? []
    let streams = members.filter { $0.value["entries"] != nil }
    #expect(!streams.isEmpty)
    for stream in streams {
      #expect(stream.value.names == ["entries"])
      for entry in stream.value["entries"]?.array ?? [] {
        #expect(entry.names == ["id", "items"])
        #expect(entry["items"]?.members != nil)
      }
    }
  }

  @Test("Writes null and a text for scores that are not JSON numbers")
  func scores() {
    var dump = SnapshotBuilder()
    dump.zset("z", [("a", .infinity), ("b", -.infinity), ("c", -0.0), ("d", 1e300), ("e", 0.1)])
    #expect(
      text(dump).contains(
        #""entries":[{"member":"a","score":null,"score_text":"inf"},{"member":"b","score":null,"score_text":"-inf"},"#
          + #"{"member":"c","score":-0.0},{"member":"d","score":1e+300},{"member":"e","score":0.1}]"#))
    #expect(
      text(dump, shape: .rdbtools)
        == "[{\n\"z\":{\"a\":\"inf\",\"b\":\"-inf\",\"c\":\"-0\",\"d\":\"1e+300\",\"e\":\"0.1\"}\n}]\n")
  }

  @Test("Distinguishes names in Base64 from names that begin with the same mark")
  func names() {
    var dump = SnapshotBuilder()
    dump.hash("h", [([0xFF], ""), (Array("$base64:".utf8), ""), (Array("$base64".utf8), "")] as [([UInt8], String)])
    #expect(text(dump).contains(#""hash":{"$base64:/w==":"","$base64:JGJhc2U2NDo=":"","$base64":""}"#))
  }

  @Test("Omits the expiration text outside the years 1 to 9999")
  func years() {
    var dump = SnapshotBuilder()
    for time in [253_402_300_800_000, -62_135_596_800_001, Int64.max, -2] {
      dump.expiry(time)
      dump.string("k\(time)", "v")
    }
    let written = text(dump)
    #expect(written.contains("\"expire_ms\":9223372036854775807,"))
    #expect(written.components(of: "\"expiration\"") == 1)
    #expect(written.contains("\"expiration\":\"1969-12-31T23:59:59.998Z\",\"expire_ms\":-2,"))
  }

  @Test("Embeds documents of RedisJSON, and keeps other values as Base64")
  func redisJSON() throws {
    var dump = SnapshotBuilder()
    dump.redisJSON("whole", [SnapshotBuilder.item("{\"a\":[1, 2]}")])
    dump.redisJSON("lines", [SnapshotBuilder.item("[1,\r\n2]")])
    dump.redisJSON("broken", [SnapshotBuilder.item("{\"a\":")])
    dump.redisJSON("number", [[2, 5]])
    dump.redisJSON("empty", [])
    dump.redisJSON("more", [SnapshotBuilder.item("1"), [1, 7], SnapshotBuilder.item("x")])
    for layout in JSONOptions.Layout.allCases {
      let written = text(dump, layout: layout)
      #expect(written.contains(#""module":"ReJSON-RL","module_version":3,"json":{"a":[1, 2]}}"#))
      #expect(written.contains(#""module_version":3,"json":[1,  2]}"#))
    }
    let keys = try JSONConversion(dump.whole).keys()
    let module: [UInt8] = [7, 0x81, 0x45, 0xE2, 0x52, 0x38, 0xDF, 0x91, 0x2C, 0x03]
    func bytes(_ index: Int, _ name: String) throws -> [UInt8] {
      try JSONOptions.Strings.base64(keys[index][name]?.text ?? "none")
    }
    func wide(_ code: UInt8, _ value: UInt8) -> [UInt8] { [code, 0x81, 0, 0, 0, 0, 0, 0, 0, value] }
    #expect(try bytes(2, "value") == module + wide(5, 5) + Array("{\"a\":".utf8) + [0])
    #expect(try bytes(3, "value") == module + wide(2, 5) + [0])
    #expect(try bytes(4, "value") == module + [0])
    #expect(keys[5]["json"] == .number("1"))
    #expect(try bytes(5, "json_rest") == wide(1, 7) + wide(5, 1) + Array("x".utf8) + [0])
    #expect(try JSONConversion(dump.whole, shape: .rdbtools).document().array?[0].members?.count == 6)
  }

  @Test("Notes omitted data in the ledger")
  func leftOut() {
    let native = JSONConversion(Fixture.named("redis-7.4.1/all").bytes).ledger
    #expect(!native.hasLosses)
    #expect(native.noted["AUX fields (`meta` writes them)"]?.count ?? 0 >= 4)
    #expect(native.noted.keys.allSatisfy { !$0.contains("rdbtools") })
    let meta = JSONConversion(Fixture.named("redis-7.4.1/all").bytes, meta: true).ledger
    #expect(meta.noted.keys.allSatisfy { !$0.contains("`meta`") })
    let rdbtools = JSONConversion(Fixture.named("redis-7.4.1/hashttl").bytes, shape: .rdbtools).ledger
    #expect(!rdbtools.hasLosses)
    #expect(rdbtools.noted["expiries of hash fields: the shape rdbtools has none"]?.count ?? 0 > 0)
  }
}

extension String {
  /// How often `part` stands in the text.
  fileprivate func components(of part: String) -> Int {
    split(separator: part, omittingEmptySubsequences: false).count - 1
  }
}
