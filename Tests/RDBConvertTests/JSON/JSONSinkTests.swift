import Foundation
import RDB
import RDBConvert
import RDBSupport
import TestSupport
import Testing

@Suite("A JSON sink")
struct JSONSinkTests {
  /// A key's place in the goldens.
  struct Place: Hashable {
    let database: UInt64
    let key: [UInt8]
  }

  static let small = Fixture.valid.filter { $0.bytes.count <= 20_000 }
  static let large = Fixture.valid.filter { $0.bytes.count > 20_000 }

  static func rows(of fixture: Fixture) throws -> [Place: [Golden.Row]] {
    var rows: [Place: [Golden.Row]] = [:]
    for path in [fixture.goldenPath, fixture.expiredPath].compactMap(\.self) {
      for row in try Golden.rows(at: path) {
        guard let database = row.database, let key = row.key else { continue }
        rows[Place(database: database, key: key), default: []].append(row)
      }
    }
    return rows
  }

  @Test("Writes every key as its server describes it, in every mode", arguments: Fixture.valid)
  func goldens(_ fixture: Fixture) throws {
    let rows = try Self.rows(of: fixture)
    let dump = fixture.bytes
    let version = try #require(Int(String(decoding: dump[6..<9], as: UTF8.self)))
    for strings in JSONOptions.Strings.allCases {
      let conversion = JSONConversion(dump, strings: strings)
      #expect(conversion.error == nil)
      let keys = try conversion.keys()
      #expect(keys.count == rows.count)
      #expect(conversion.ledger.keysWritten == UInt64(keys.count))
      #expect(conversion.ledger.keysRead == UInt64(keys.count))
      #expect(!conversion.ledger.hasLosses)
      let comparison = JSONComparison(strings: strings, version: version)
      var seen: Set<Place> = []
      for key in keys {
        let place = Place(database: key["db"]?.uint ?? .max, key: try strings.bytes(key["key"]))
        #expect(seen.insert(place).inserted)
        let found = try comparison.differences(key, rows[place] ?? [])
        #expect(found == [], "\(printable(place.key)), \(strings)")
      }
    }
  }

  /// What is converted to compare bytes: every layout and shape.
  static func forms(_ dump: [UInt8], way: JSONConversion.Way) -> [JSONConversion] {
    [
      JSONConversion(dump, meta: true, way: way), JSONConversion(dump, layout: .lines, meta: true, way: way),
      JSONConversion(dump, shape: .rdbtools, way: way),
      JSONConversion(dump, layout: .lines, shape: .rdbtools, way: way),
    ]
  }

  @Test("Writes the same bytes for every layout of input and number of threads", arguments: small)
  func sameBytes(_ fixture: Fixture) {
    let dump = fixture.bytes
    let whole = Self.forms(dump, way: JSONConversion.Way())
    for way in JSONConversion.Way.all {
      for (one, other) in zip(whole, Self.forms(dump, way: way)) {
        #expect(other.error == nil)
        #expect(one.bytes == other.bytes, "\(way)")
        #expect(one.ledger == other.ledger, "\(way)")
      }
    }
  }

  @Test("Writes the same bytes for large snapshots with several workers and small windows", arguments: large)
  func sameBytesOfLarge(_ fixture: Fixture) {
    let dump = fixture.bytes
    let one = JSONConversion(dump, meta: true)
    for way in [
      JSONConversion.Way(threads: 2, window: 4096), JSONConversion.Way(threads: 7), JSONConversion.Way(window: 64),
    ] {
      let other = JSONConversion(dump, meta: true, way: way)
      #expect(one.bytes == other.bytes, "\(way)")
      #expect(one.ledger == other.ledger, "\(way)")
    }
  }

  @Test("Writes the same bytes for many batches, and counts their keys", arguments: [2, 7])
  func manyRuns(threads: Int) throws {
    var dump = SnapshotBuilder()
    for database in 0..<40 {
      dump.select(UInt64(database / 2))
      for key in 0..<50 { dump.string("\(database):\(key)", [UInt8](repeating: UInt8(ascii: "x"), count: 3000)) }
    }
    for (one, other) in zip(
      Self.forms(dump.whole, way: JSONConversion.Way()),
      Self.forms(dump.whole, way: JSONConversion.Way(threads: threads)))
    {
      #expect(one.error == nil)
      #expect(one.bytes == other.bytes)
      #expect(one.ledger == other.ledger)
    }
    let all = try JSONConversion(dump.whole, meta: true, way: JSONConversion.Way(threads: threads)).document().array
    #expect(all?.last == (try JSONNode(Array(#"{"type":"end","keys":2000}"#.utf8))))
  }

  @Test("Writes the same values in the shape rdbtools", arguments: Fixture.valid)
  func rdbtools(_ fixture: Fixture) throws {
    let dump = fixture.bytes
    let strings = JSONOptions.Strings.utf8
    let natives = try JSONConversion(dump).keys()
    let conversion = JSONConversion(dump, shape: .rdbtools)
    #expect(conversion.ledger.keysWritten == UInt64(natives.count))
    let members = try conversion.document().array?.flatMap { $0.members ?? [] } ?? []
    #expect(members.count == natives.count)
    for (member, native) in zip(members, natives) {
      #expect(try strings.nameBytes(member.name) == strings.bytes(native["key"]))
      #expect(try Self.isSameValue(member.value, native), "\(native["key"]?.text ?? "")")
    }
  }

  private static func isSameValue(_ value: JSONNode, _ native: JSONNode) throws -> Bool {
    let strings = JSONOptions.Strings.utf8
    switch native["type"]?.text {
    case "string": return value == native["value"]
    case "list": return value == native["values"]
    case "set": return value == native["members"]
    case "zset":
      let entries = try #require(native["entries"]?.array)
      let members = try #require(value.members)
      return try members.count == entries.count
        && zip(members, entries).allSatisfy { own, entry in
          let number = entry["score"]?.number
          let score = entry["score_text"]?.text ?? (number == "-0.0" ? "-0" : number)
          return try strings.nameBytes(own.name) == strings.bytes(entry["member"]) && own.value.text == score
        }
    case "hash":
      if let hash = native["hash"] { return value == hash }
      let fields = try #require(native["fields"]?.array)
      let members = try #require(value.members)
      return try members.count == fields.count
        && zip(members, fields).allSatisfy { own, field in
          try strings.nameBytes(own.name) == strings.bytes(field["field"]) && own.value == field["value"]
        }
    case "stream":
      let entries = try #require(native["entries"]?.array)
      let own = try #require(value["entries"]?.array)
      return try own.count == entries.count
        && zip(own, entries).allSatisfy { one, other in
          let fields = try #require(other["fields"]?.array)
          let values = try #require(one["items"]?.members)
          return try one["id"] == other["id"] && values.count == fields.count
            && zip(values, fields).allSatisfy { member, pair in
              try strings.nameBytes(member.name) == strings.bytes(pair.array?[0]) && member.value == pair.array?[1]
            }
        }
    case "array":
      let elements = try #require(native["elements"]?.array)
      let own = try #require(value["elements"]?.array)
      return own.count == elements.count
        && zip(own, elements).allSatisfy { one, other in
          one["idx"]?.text == other.array?[0].number && one["val"] == other.array?[1] && one["val"] != nil
        }
    case "path-hash": return value == native["paths"]
    case "module":
      return native["module"] != nil && value["module"] == native["module"]
        && value["value"] == native["value"] && value["json"] == native["json"]
    default: return false
    }
  }

  @Test("Writes AUX fields, functions and the number of keys with the option meta", arguments: Fixture.valid)
  func meta(_ fixture: Fixture) throws {
    let conversion = JSONConversion(
      fixture.bytes, layout: .lines, meta: true, way: JSONConversion.Way(threads: 2, window: 4096))
    let lines = try conversion.lines()
    #expect(lines.first?["type"] == .string(Array("header".utf8)))
    #expect(lines.last?["type"] == .string(Array("end".utf8)))
    #expect(lines.last?["keys"]?.uint == conversion.ledger.keysWritten)
    var reader = RDBReader(MemorySource(fixture.bytes))
    let origin = try reader.origin()
    #expect(lines.first?["rdb_version"]?.int == Int64(origin.header.version))
    let strings = JSONOptions.Strings.utf8
    let aux = try lines.filter { $0["type"]?.text == "aux" }.map {
      (try strings.bytes($0["name"]), try strings.bytes($0["value"]))
    }
    // AUX fields can also follow the first key.
    #expect(aux.prefix(origin.auxFields.count).map { $0.0 } == origin.auxFields.map(\.name))
    #expect(aux.prefix(origin.auxFields.count).map { $0.1 } == origin.auxFields.map(\.value))
    let functions = lines.filter { $0["type"]?.text == "function" }
    let expected = try Golden.rows(at: fixture.goldenPath).filter { $0.type == "function" }
    #expect(functions.count == expected.count)
    for row in expected {
      guard case .function(let name, let engine, let code) = row.value else { continue }
      let own = try functions.first { try strings.bytes($0["name"]) == name }
      #expect(own?["engine"]?.text?.lowercased() == engine.lowercased())
      #expect(try strings.bytes(own?["code"]) == code)
    }
  }

  @Test("Embeds documents of RedisJSON as the server returns them")
  func redisJSON() throws {
    for fixture in Fixture.valid {
      guard let path = fixture.valuesPath else { continue }
      let keys = try JSONConversion(fixture.bytes).keys()
      for line in readFile(path).split(separator: UInt8(ascii: "\n")) {
        let row = try JSONNode(line)
        let key = keys.first { $0["key"] == row["key"] }
        #expect(try key?["json"] == JSONNode(row["json"]?.utf8 ?? []), "\(row["key"]?.text ?? "")")
      }
    }
  }

  @Test("Never completes the document of a damaged file", arguments: Fixture.damaged)
  func damaged(_ fixture: Fixture) {
    let dump = fixture.bytes
    for way in [JSONConversion.Way(), JSONConversion.Way(threads: 2, window: 4096)] {
      for shape in JSONOptions.Shape.allCases {
        let conversion = JSONConversion(dump, shape: shape, way: way)
        if conversion.error == nil {
          #expect(throws: Never.self) { try conversion.document() }
        } else {
          #expect(throws: JSONNode.Malformed.self) { try conversion.document() }
        }
      }
    }
  }

  @Test("Never completes the document of a truncated file", arguments: [1, 2])
  func cut(threads: Int) throws {
    let dump = Fixture.named("redis-7.2.6/rich").bytes
    for count in 0..<dump.count where threads == 1 || count % 7 == 0 {
      let conversion = JSONConversion(Array(dump.prefix(count)), meta: true, way: JSONConversion.Way(threads: threads))
      #expect(conversion.error != nil)
      #expect(throws: JSONNode.Malformed.self) { try conversion.document() }
      #expect(!String(decoding: conversion.bytes, as: UTF8.self).contains("\"type\":\"end\""))
    }
  }

  @Test("Completes the document when a sink stops at a number of keys", arguments: JSONOptions.Shape.allCases)
  func endEarly(_ shape: JSONOptions.Shape) throws {
    let fixture = Fixture.named("redis-7.2.6/rich")
    var recording = RecordingSink(interest: .skip)
    var reader = RDBReader(MemorySource(fixture.bytes))
    try reader.read(into: &recording)
    let offsets = recording.log.filter { $0.hasPrefix("key ") }.compactMap { line in
      line.split(separator: " at ").last?.prefix { $0.isNumber }
    }.compactMap { Int($0) }
    for (keys, offset) in offsets.enumerated() {
      // The sink sees what a filter with a limit lets it see: so many whole keys, and no end.
      var reader = RDBReader(MemorySource(Array(fixture.bytes.prefix(offset))))
      let origin = try reader.origin()
      let destination = MemoryDestination()
      let options = JSONOptions(shape: shape, meta: true, writer: origin.assumedWriter)
      var sink = JSONSink(options, to: destination)
      #expect(throws: RDBError.self) { try reader.read(into: &sink) }
      try sink.endEarly()
      #expect(try sink.finish().keysWritten == UInt64(keys))
      let document = try JSONNode(destination.bytes).array ?? []
      if shape == .native {
        #expect(document.last == (try JSONNode(Array(#"{"type":"end","keys":\#(keys)}"#.utf8))))
        #expect(document.filter { $0["key"] != nil }.count == keys)
      } else {
        #expect(document.flatMap { $0.members ?? [] }.count == keys)
      }
    }
  }
}
