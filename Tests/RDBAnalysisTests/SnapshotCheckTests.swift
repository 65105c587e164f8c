import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import TestSupport
import Testing

@Suite("The check of a snapshot")
struct SnapshotCheckTests {
  private func check(_ bytes: [UInt8], threads: Int = 1, unique: Bool = false) throws -> SnapshotCheck {
    try SnapshotCheck.run(smallReader(bytes), threads: threads, findsDuplicates: unique)
  }

  @Test("Finds no damage in files that servers wrote", arguments: Fixture.valid)
  func whole(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let result = try check(bytes)
    #expect(result.isOK)
    #expect(result.damage == nil)
    #expect(result.keys == (try info(bytes)).total.keys)
    var reader = RDBReader(MemorySource(bytes))
    var none = NoSink()
    let end = try reader.read(into: &none)
    // The bytes after the snapshot do not count.
    #expect(result.byteCount == end?.byteCount)
    let elements = try Golden.rows(at: fixture.goldenPath).reduce(into: UInt64(0)) { sum, row in
      switch row.value {
      case .list(let value): sum += UInt64(value.count)
      case .set(let value): sum += UInt64(value.count)
      case .zset(let value): sum += UInt64(value.count)
      case .hash(let value): sum += UInt64(value.count)
      case .stream(let value): sum += UInt64(value.entries.count)
      case .pathHash(let value): sum += UInt64(value.count)
      case .array(let value, _): sum += UInt64(value.count)
      case .string, .module, .function: break
      }
    }
    if fixture.expiredPath == nil { #expect(result.elements == elements) }
    for threads in [2, 7] { #expect(try check(bytes, threads: threads) == result) }
  }

  @Test("Has damaged fixtures to check")
  func damagedAreThere() { #expect(!Damage.dumps.isEmpty) }

  @Test("Reports the damage that reading reports, and counts the keys before it", arguments: Damage.dumps)
  func damaged(_ damage: Damage) throws {
    let bytes = damage.fixture.bytes
    let result = try check(bytes)
    var reader = RDBReader(MemorySource(bytes))
    var sink = ValidatedKeyCount()
    var error: RDBError?
    do { try reader.read(into: &sink) } catch let thrown { error = thrown as? RDBError }
    #expect(result.isOK == (error == nil))
    #expect(result.damage.map { $0.code } == error?.code.description)
    if let found = result.damage {
      #expect(found.offset <= bytes.count)
      #expect(result.keys == sink.keys)
      // Damage that shows only later, such as a wrong checksum, lets the check count more keys.
      if let records = damage.wholeRecords { #expect(result.keys >= UInt64(records)) }
    }
    for threads in [2, 7] {
      let other = try check(bytes, threads: threads)
      #expect(other == result, "\(threads)")
    }
  }

  @Test("Counts the same keys before damage that follows many batches, for any number of workers")
  func countsUpToDamage() throws {
    var snapshot = SnapshotBuilder()
    for number in 0..<200_000 { snapshot.string("key-\(number)", "value-\(number)-\(number)-\(number)") }
    let whole = snapshot.bytes.count
    snapshot.set("s", ["a"])
    snapshot.key(0x0B, "broken", value: RDBBytes.string("no intset"))
    for number in 0..<200_000 { snapshot.string("more-\(number)", "value-\(number)-\(number)") }
    let alone = try check(snapshot.whole)
    #expect(alone.keys == 200_001)
    #expect(alone.damage?.code == "corruptIntset")
    #expect(alone.damage?.key?.bytes == Array("broken".utf8))
    #expect(alone.damage?.offset ?? 0 > whole)
    for threads in [2, 7] { #expect(try check(snapshot.whole, threads: threads) == alone) }
  }

  @Test("Warns of negative expiries, wrong hints, a missing checksum and trailing commands")
  func warnings() throws {
    var snapshot = SnapshotBuilder(version: 7)
    snapshot.raw([0xFB, 5, 1])
    snapshot.expiry(-2)
    snapshot.string("old", "value")
    let result = try check(snapshot.whole + Array("*1\r\n$4\r\nPING\r\n".utf8))
    #expect(result.isOK)
    #expect(result.warnings.map { $0.kind } == [.negativeExpiry, .wrongHint, .noChecksum, .tail])
    #expect(result.warnings.first?.keys.map { $0.key.text ?? "" } == ["old"])
    for threads in [2, 7] {
      #expect(try check(snapshot.whole + Array("*1\r\n$4\r\nPING\r\n".utf8), threads: threads) == result)
    }
  }

  @Test("Lists findings by kind, with exact counts and the first ten, for any number of workers")
  func findings() throws {
    var snapshot = SnapshotBuilder(version: 9)
    for number in 0..<5000 {
      snapshot.string("some-\(number)", String(repeating: "x", count: 400))
      snapshot.key(20, "set-\(number)", value: RDBBytes.string(RDBBytes.listpack(["a"])))
    }
    let alone = try check(snapshot.whole)
    #expect(alone.isOK)
    #expect(alone.isStrictlyOK)
    let list = try #require(alone.findings.first)
    #expect(alone.findings.count == 1)
    #expect(list.kind == "newerType")
    #expect(list.severity == "note")
    #expect(list.count == 5000)
    #expect(list.first.entries.map { $0.key?.text } == (0..<10).map { "set-\($0)" })
    for threads in [2, 7] { #expect(try check(snapshot.whole, threads: threads) == alone) }
    let data = try JSONEncoder().encode(alone)
    #expect(try JSONDecoder().decode(SnapshotCheck.self, from: data) == alone)
    #expect(try JSONSchema(named: "check").faults(in: data) == [])
  }

  @Test("Reports a collection without elements as a note")
  func emptyCollections() throws {
    var snapshot = SnapshotBuilder(version: 7)
    snapshot.set("empty", [] as [String])
    for unique in [false, true] {
      let result = try check(snapshot.whole, unique: unique)
      #expect(result.isOK && result.isStrictlyOK)
      #expect(result.findings.map { $0.kind } == ["emptyKey"])
      #expect(result.findings.first?.first.entries.map { $0.key?.text } == ["empty"])
    }
  }

  @Test("Rewords what was expected, and leaves the bytes of the snapshot as they are")
  func reworded() {
    let error = RDBError(
      .stringTooLong, at: 7, expected: "at most 10 bytes (`limit`)", found: "11", key: Array("(`limit`)".utf8))
    var damage = SnapshotCheck.Damage(error)
    damage.reword { $0.replacing("`limit`", with: "--limit") }
    #expect(damage.expected == "at most 10 bytes (--limit)")
    #expect(damage.message.contains("\"(`limit`)\""))
    #expect(damage.message.contains("expected at most 10 bytes (--limit), found 11"))
  }

  @Test("Finds no duplicates in files that servers wrote", arguments: Fixture.valid)
  func unique(_ fixture: Fixture) throws {
    let result = try check(fixture.bytes, threads: 2, unique: true)
    #expect(result.duplicates == Duplicates(count: 0, first: []))
    #expect(result.isOK)
    var plain = try check(fixture.bytes)
    #expect(plain.elements == result.elements)
    #expect(plain.keys == result.keys)
    plain = result
    #expect(plain.types == result.types)
  }

  @Test("Finds duplicate keys in a database and duplicate members in a key")
  func duplicates() throws {
    var snapshot = SnapshotBuilder()
    snapshot.string("a", "1")
    snapshot.set("s", ["x", "y", "x", "z", "x"])
    let hash = snapshot.bytes.count
    snapshot.hash("h", [("f", "x"), ("g", "f"), ("f", "y")])
    snapshot.select(1)
    snapshot.string("a", "another database")
    let again = snapshot.bytes.count
    snapshot.string("a", "again")
    // The same members in another key are not duplicates.
    snapshot.set("t", ["x", "y", "f", "a"])
    for threads in [1, 2, 7] {
      let result = try check(snapshot.whole, threads: threads, unique: true)
      #expect(!result.isOK)
      #expect(result.damage == nil)
      let found = try #require(result.duplicates)
      #expect(found.count == 4)
      let lines = found.first.map {
        "\($0.kind) \($0.database) \($0.key.text ?? "") \($0.member?.text ?? "-") \($0.index ?? 0) \($0.firstIndex ?? 0)"
      }
      #expect(lines == ["member 0 s x 3 1", "member 0 s x 5 1", "member 0 h f 3 1", "key 1 a - 0 0"])
      #expect(found.first[2].offset == hash)
      #expect(found.first[3].offset == again)
      #expect(found.first[3].firstOffset ?? 0 < again)
    }
  }

  @Test("Reports a duplicate by the offsets of its keys and the number of its element, for values of any length")
  func duplicatePositions() throws {
    for byteCount in [1, 300, 20_000] {
      var snapshot = SnapshotBuilder()
      snapshot.string("first", String(repeating: "v", count: byteCount))
      let original = snapshot.bytes.count
      snapshot.string("key", String(repeating: "a", count: byteCount))
      let set = snapshot.bytes.count
      snapshot.set("set", (1...40).map { "member \($0)" } + ["member 7"])
      let repeated = snapshot.bytes.count
      snapshot.string("key", String(repeating: "b", count: byteCount))
      let found = try #require(try check(snapshot.whole, threads: 2, unique: true).duplicates)
      let (member, key) = (found.first[0], found.first[1])
      #expect(found.count == 2)
      #expect(member.member?.text == "member 7")
      #expect((member.offset, member.index, member.firstIndex, member.firstOffset) == (set, 41, 7, nil))
      #expect(key.key.text == "key")
      #expect((key.offset, key.firstOffset, key.index, key.firstIndex) == (repeated, original, nil, nil))
    }
  }

  @Test("Finds a path that a path hash has twice, and a field that a path has twice, and takes an empty path hash")
  func repeatedPaths() throws {
    func path(_ name: String, _ fields: [String]) -> [UInt8] {
      RDBBytes.string(name) + [UInt8(fields.count)] + fields.flatMap { RDBBytes.string($0) + RDBBytes.string("v") }
    }
    var snapshot = SnapshotBuilder(version: 81, vendor: .valkey)
    snapshot.key(23, "good", value: [2] + path("a", ["f", "g"]) + path("b", ["f", "a"]))
    snapshot.key(23, "empty", value: [0])
    #expect(try check(snapshot.whole, unique: true).duplicates?.count == 0)
    #expect(try check(snapshot.whole).isOK && check(snapshot.whole).elements == 2)
    snapshot.key(23, "paths", value: [3] + path("a", ["f"]) + path("b", ["f"]) + path("a", ["g"]))
    snapshot.key(23, "fields", value: [2] + path("a", ["f"]) + path("b", ["f", "g", "f"]))
    let found = try #require(try check(snapshot.whole, unique: true).duplicates)
    #expect(found.first.compactMap { $0.member?.text } == ["path a", "field of path 2: f"])
    #expect(found.count == 2)
  }

  @Test("Finds the first ten of many duplicates across many sorted runs")
  func manyDuplicates() throws {
    // More entries than fit into the memory of one worker.
    let count = 1_200_000
    var bytes = SnapshotBuilder().bytes
    bytes += [2, 1, UInt8(ascii: "s"), 0x80] + withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) }
    for number in 0..<count {
      let digits = Array(String(number % 1_100_000, radix: 36).utf8)
      bytes.append(UInt8(digits.count))
      bytes += digits
    }
    bytes.append(0xFF)
    let result = try SnapshotCheck.run(
      RDBReader(MemorySource(bytes)), threads: 1, findsDuplicates: true)
    #expect(result.elements == UInt64(count))
    #expect(result.duplicates?.count == 100_000)
    #expect(
      result.duplicates?.first.map { $0.firstIndex ?? 0 } == (1...10).map { UInt64($0) })
    #expect(result.duplicates?.first.map { $0.index ?? 0 } == (1_100_001...1_100_010).map { UInt64($0) })
  }

  @Test("Keeps its values in JSON, which matches the schema", arguments: Damage.dumps)
  func json(_ damage: Damage) throws {
    let result = try check(damage.fixture.bytes, unique: true)
    let data = try JSONEncoder().encode(result)
    #expect(try JSONDecoder().decode(SnapshotCheck.self, from: data) == result)
    #expect(try JSONSchema(named: "check").faults(in: data) == [])
  }

  @Test("Has a schema that rejects missing, wrong and additional members")
  func schema() throws {
    let schema = try JSONSchema(named: "check")
    #expect(try !schema.faults(in: Data("{}".utf8)).isEmpty)
    #expect(try !schema.faults(in: Data("{\"format\":2}".utf8)).isEmpty)
    let whole = try JSONEncoder().encode(try check(SnapshotBuilder().whole))
    #expect(try schema.faults(in: whole) == [])
    let text = String(decoding: whole, as: UTF8.self)
    for (old, new) in [
      ("\"ok\":true", "\"ok\":1"), ("\"keys\":0", "\"keys\":-1"), ("\"keys\":0", "\"keys\":0.5"),
      ("\"keys\":0", "\"keys\":0,\"x\":1"),
    ] {
      #expect(text.contains(old))
      #expect(try !schema.faults(in: Data(text.replacing(old, with: new).utf8)).isEmpty, "\(new)")
    }
  }
}

/// Counts the keys that are read and validated without an error.
private struct ValidatedKeyCount: SelectiveSink {
  private(set) var keys: UInt64 = 0

  static var events: SinkEvents { [.beginKey, .endKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .validate }
  mutating func endKey(_ end: KeyEnd) throws(RDBError) { keys += 1 }
}
