import Foundation
import RDB
import RDBColumnar
import RDBFormat
import TestSupport
import Testing

@Suite("Exports to Parquet")
struct ExportTests {
  @Test("hold the keys and values of each fixture", arguments: Fixture.valid)
  func fixture(_ fixture: Fixture) throws {
    let export = try Export(fixture.bytes)
    let (content, expected) = (try export.content, try export.expected)
    #expect(content.hasValues)
    #expect(content.summary == expected)
    #expect(export.summary.ledger.keysWritten == expected.parts.values.reduce(0) { $0 + $1.keys })
  }

  @Test("without values hold the keys of each fixture", arguments: Fixture.valid)
  func keys(_ fixture: Fixture) throws {
    let export = try Export(fixture.bytes, values: false)
    let content = try export.content
    var expected = try export.expected
    expected.dropValues()
    #expect(!content.hasValues)
    #expect(content.summary == expected)
    #expect(export.files.map(\.table) == ["keys"])
  }

  @Test("are the same bytes with any number of threads", arguments: [1, 2, 3])
  func threads(_ threads: Int) throws {
    let (one, several) = (try Export(Export.special), try Export(Export.special, threads: threads))
    #expect(one.bytes.count == 4)
    #expect(one.bytes == several.bytes)
  }

  @Test("hold the same without compression")
  func uncompressed() throws {
    let (compressed, plain) = (try Export(Export.special), try Export(Export.special, compresses: false))
    let (first, second, expected) = (try compressed.content.summary, try plain.content.summary, try plain.expected)
    #expect(first == expected)
    #expect(second == expected)
    #expect(compressed.files.reduce(0) { $0 + $1.byteCount } < plain.files.reduce(0) { $0 + $1.byteCount })
  }

  @Test("tell version, checksum, AUX fields and source of the snapshot")
  func metadata() throws {
    let content = try Export(Export.special).content
    #expect(content.metadata["rdb.schema_version"] == "1")
    #expect(content.metadata["rdb.source"] == "dump")
    #expect(content.metadata["rdb.vendor"] == "redis")
    #expect(content.metadata["rdb.version"] == "11")
    #expect(content.metadata["rdb.checksum"] == "disabled")
    #expect(content.metadata["rdb.aux.redis-ver"] == "7.2.6")
    #expect(content.metadata["rdb.aux_base64./wA="] == "bm90IHRleHQ=")
    #expect(content.metadata["rdb.table"] == "keys")
  }

  @Test("tell expiries of members that the tables lack as losses")
  func losses() throws {
    var builder = SnapshotBuilder(version: 9)
    builder.string("a", "value")
    builder.aux("keydb-subexpire-key", "member")
    builder.aux("keydb-subexpire-when", "1700000000000")
    let ledger = try Export(builder.whole).summary.ledger
    #expect(ledger.losses.map(\.count) == [1])
    #expect(ledger.losses.map(\.why) == ["the tables have no expiries of members (KeyDB)"])
  }

  @Test("of another snapshot differ")
  func differs() throws {
    var builder = SnapshotBuilder(version: 11)
    builder.string("a", "value")
    let first = try Export(builder.whole)
    builder = SnapshotBuilder(version: 11)
    builder.string("a", "valuf")
    let second = try Export(builder.whole)
    let (content, expected) = (try first.content.summary, try second.expected)
    #expect(content != expected)
    var (keys, expectedKeys) = (content, expected)
    keys.dropValues()
    expectedKeys.dropValues()
    #expect(keys == expectedKeys)
  }

  @Test("of dumps with the same name have partitions of their own")
  func names() {
    var names = DumpNames()
    #expect(names.add("a/dump.rdb") == "dump.rdb")
    #expect(names.add("b/dump.rdb") == "dump.rdb-2")
    #expect(names.add("appendonlydir/") == "appendonlydir")
    #expect(names.add("-") == "stdin")
    #expect(names.add("rediss://user:secret@host:6379/0?x=/") == "host:6379")
    #expect(PartitionName.escaped("host:6379") == "host%3A6379")
    #expect(PartitionName.escaped("a b=c/é%") == "a%20b%3Dc%2F%C3%A9%25")
  }
}

@Suite("Damaged exports")
struct DamagedExportTests {
  private static func small() throws -> Export {
    var builder = SnapshotBuilder(version: 11)
    builder.aux("redis-ver", "7.2.6")
    for index in 0..<20 { builder.string("key:\(index)", "value \(index % 3)", expiry: index % 2 == 0 ? 5 : nil) }
    return try Export(builder.whole, compresses: false)
  }

  @Test("that are cut are refused at each length")
  func cut() throws {
    let export = try Self.small()
    let path = "keys/\(Export.partition)/part-0.parquet"
    let whole = [UInt8](try #require(export.scratch.contents(of: path)))
    for length in 0..<whole.count {
      export.scratch.write(Array(whole[..<length]), as: path)
      let error = #expect(throws: RDBError.self) { _ = try export.content }
      #expect(error?.code == RDBError.Code("corruptParquet"), "cut at \(length)")
    }
  }

  @Test("are refused, or hold something else, with any byte changed")
  func changed() throws {
    let export = try Self.small()
    let expected = try export.expected
    for table in ["keys", "elements/type=string"] {
      let path = "\(table)/\(Export.partition)/part-0.parquet"
      let whole = [UInt8](try #require(export.scratch.contents(of: path)))
      var found = 0
      for index in whole.indices {
        var bytes = whole
        bytes[index] ^= UInt8(1 << (index % 8))
        export.scratch.write(bytes, as: path)
        do {
          if try export.content.summary != expected { found += 1 }
        } catch is RDBError {
          found += 1
        }
      }
      // Other bytes are those of statistics, metadata and columns that are computed.
      #expect(found > whole.count / 3)
      export.scratch.write(whole, as: path)
    }
  }

  @Test("with text that is not that of the bytes beside it are refused")
  func text() throws {
    let export = try Self.small()
    let path = "keys/\(Export.partition)/part-0.parquet"
    var bytes = [UInt8](try #require(export.scratch.contents(of: path)))
    // Without compression the names are there twice: as bytes, and as text.
    let name = Array("key:17".utf8)
    let places = bytes.indices.filter { bytes[$0...].starts(with: name) }
    try #require(places.count >= 2)
    bytes[places[1] + 5] = UInt8(ascii: "8")
    export.scratch.write(bytes, as: path)
    let error = #expect(throws: RDBError.self) { _ = try export.content }
    #expect(error?.expected == "the values of key in key_text")
  }
}
