import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import TestSupport
import Testing

@Suite("Information on a snapshot")
struct SnapshotInfoTests {
  /// The contents of a database according to the expected output.
  struct Expected: Equatable {
    var keys: UInt64 = 0
    var expiring: UInt64 = 0
    var types: [String: UInt64] = [:]
  }

  static func expected(_ fixture: Fixture) throws -> [UInt64: Expected] {
    var databases: [UInt64: Expected] = [:]
    var seen: Set<[UInt8]> = []
    let expired = try fixture.expiredPath.map { try Golden.rows(at: $0) } ?? []
    for row in try Golden.rows(at: fixture.goldenPath) + expired {
      guard let database = row.database, let key = row.key else { continue }
      guard seen.insert(withUnsafeBytes(of: database) { Array($0) } + key).inserted else { continue }
      databases[database, default: Expected()].keys += 1
      if row.expiry != nil { databases[database, default: Expected()].expiring += 1 }
      databases[database, default: Expected()].types[row.type, default: 0] += 1
    }
    return databases
  }

  @Test("Counts keys by database, expiry and type as the server does", arguments: Fixture.valid)
  func counts(_ fixture: Fixture) throws {
    let report = try info(fixture.bytes)
    var found: [UInt64: Expected] = [:]
    for database in report.databases.entries where database.keys > 0 {
      found[database.database] = Expected(
        keys: database.keys, expiring: database.expiring, types: database.types)
    }
    #expect(try found == Self.expected(fixture))
    #expect(report.total.keys == found.values.reduce(0) { $0 + $1.keys })
    #expect(report.valueTypes.values.reduce(0, +) == report.total.keys)
  }

  /// The fixtures whose golden rows give the encoding of every key.
  static let withEncodings = Fixture.valid.filter { fixture in
    guard fixture.expiredPath == nil, let rows = try? Golden.rows(at: fixture.goldenPath) else { return false }
    return rows.allSatisfy { $0.key == nil || $0.encoding != nil }
  }

  @Test("Finds fixtures whose encodings are known")
  func encodingsAreKnown() { #expect(Self.withEncodings.count > 5) }

  @Test("Counts keys by encoding as the writing server does", arguments: withEncodings)
  func encodings(_ fixture: Fixture) throws {
    let rows = try Golden.rows(at: fixture.goldenPath).filter { $0.key != nil }
    let report = try info(fixture.bytes)
    // Files of version 1 do not say which server wrote them; before 2.2 there was no such notion.
    if report.version == 1 {
      #expect(report.total.encodings.entries.isEmpty)
      return
    }
    var expected: [String: UInt64] = [:]
    // A string that a command changed in place is raw until it is loaded again; not for us to know.
    func name(_ type: String, _ encoding: String) -> String {
      type == "string" && encoding != "int" ? "string text" : "\(type) \(encoding)"
    }
    for row in rows where row.type != "module" {
      expected[name(row.type, row.encoding ?? ""), default: 0] += 1
    }
    var found: [String: UInt64] = [:]
    for entry in report.total.encodings.entries {
      found[name(entry.type, entry.encoding), default: 0] += entry.keys
    }
    #expect(found == expected)
  }

  @Test("Lists the function libraries", arguments: Fixture.valid)
  func functions(_ fixture: Fixture) throws {
    let report = try info(fixture.bytes)
    let names = try Golden.rows(at: fixture.goldenPath).compactMap { row -> [UInt8]? in
      if case .function(let name, _, _) = row.value { name } else { nil }
    }
    #expect(
      report.functions.libraries.entries.map { $0.name.bytes }.sorted { $0.lexicographicallyPrecedes($1) }
        == names.sorted { $0.lexicographicallyPrecedes($1) })
    #expect(report.functions.count == UInt64(names.count))
    #expect(
      report.functions.libraries.entries.allSatisfy {
        $0.engine.bytes.elementsEqual(Array("lua".utf8)) || $0.engine.bytes.elementsEqual(Array("LUA".utf8))
      })
  }

  @Test("Counts the keys that had expired at the time of writing", arguments: Fixture.valid)
  func expired(_ fixture: Fixture) throws {
    let expired = try fixture.expiredPath.map { try Golden.rows(at: $0) } ?? []
    let report = try info(fixture.bytes)
    // Files before 3.2 do not say when they were written, and servers before 4.0 left out what had expired.
    if report.reference.source == "ctime" {
      let keys = expired.filter { row in
        row.expiry.map { $0 < report.reference.unixMilliseconds } ?? false && !row.isPartial
      }
      #expect(report.total.expired == UInt64(keys.count))
    }
    let later = try info(fixture.bytes, now: .max)
    if later.reference.source == "now" { #expect(later.total.expired == later.total.expiring) }
  }

  @Test("Counts hash fields with an expiry", arguments: Fixture.valid)
  func fields(_ fixture: Fixture) throws {
    var fields: Set<[UInt8]> = []
    var hashes: Set<[UInt8]> = []
    let expired = try fixture.expiredPath.map { try Golden.rows(at: $0) } ?? []
    for row in try Golden.rows(at: fixture.goldenPath) + expired {
      guard case .hash(let entries) = row.value, let key = row.key, let database = row.database
      else { continue }
      for entry in entries where entry.expiry != nil {
        guard case .all(let name) = entry.field else { continue }
        let path = withUnsafeBytes(of: (database, UInt64(key.count))) { Array($0) } + key
        fields.insert(path + name)
        hashes.insert(path)
      }
    }
    let report = try info(fixture.bytes)
    #expect(report.total.fieldsExpiring == UInt64(fields.count))
    #expect(report.total.hashesWithFieldExpiries == UInt64(hashes.count))
  }

  @Test("Does not depend on the number of workers", arguments: Fixture.valid)
  func workers(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let alone = try info(bytes)
    for threads in [2, 7] {
      #expect(try info(bytes, threads: threads) == alone, "\(threads)")
    }
  }

  @Test("Keeps its values in JSON, which matches the schema", arguments: Fixture.valid)
  func json(_ fixture: Fixture) throws {
    let report = try info(fixture.bytes)
    let data = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(SnapshotInfo.self, from: data) == report)
    #expect(try JSONSchema(named: "info").faults(in: data) == [])
  }

  @Test("Names the oldest releases that load the file")
  func lowest() throws {
    let rows: [(String, [String?])] = [
      ("redis-2.0.4/all", ["redis-2.0", "redis-2.0", "valkey-7.2", "valkey-7.2"]),
      ("redis-2.4.18/all", ["redis-2.4", "redis-2.4", "valkey-7.2", "valkey-7.2"]),
      ("redis-7.2.6/all", ["redis-7.2", "redis-7.2", "valkey-7.2", "valkey-7.2"]),
      ("redis-7.4.1/strings", ["redis-7.4", "redis-1.0", nil, "valkey-7.2"]),
      ("redis-7.4.1/hashttl", ["redis-7.4", "redis-7.4", nil, nil]),
      ("valkey-9.1.2/all", [nil, nil, "valkey-9.0", "valkey-9.0"]),
      ("redis-7.0.rc2/functions", ["redis-7.0", "redis-7.0", nil, nil]),
    ]
    for (name, expected) in rows {
      let lowest = try info(Fixture.named(name).bytes).lowest
      #expect(
        [lowest.redis.asItIs, lowest.redis.byTypes, lowest.valkey.asItIs, lowest.valkey.byTypes]
          == expected, "\(name)")
    }
  }

  @Test("Shows the origin of the file from its AUX fields")
  func origin() throws {
    let report = try info(Fixture.named("redis-7.2.6/replaux").bytes)
    #expect(report.magic == "REDIS")
    #expect(report.version == 11)
    #expect(report.server == "7.2.6")
    #expect(report.replication?.id?.count == 40)
    #expect(report.isAOFBase == false)
    #expect(report.ctimeSeconds ?? 0 > 1_600_000_000)
    #expect(report.usedMemoryByteCount ?? 0 > 500_000)
    #expect(report.checksum?.state == "verified")
    #expect(report.tail?.kind == "nothing")
    #expect(report.byteCount == UInt64(Fixture.named("redis-7.2.6/replaux").bytes.count))
  }

  @Test("Lists modules and hash slots")
  func needs() throws {
    let json = try info(Fixture.named("redis-8.2.3/json").bytes)
    #expect(json.modules.entries.map { $0.name } == ["ReJSON-RL"])
    #expect(json.modules.entries.first?.keys == json.total.types["module"])
    let cluster = try info(Fixture.named("redis-7.4.1/cluster").bytes)
    #expect(cluster.slots.keys == cluster.total.keys)
    let valkey = try info(Fixture.named("valkey-9.1.2/cluster").bytes)
    #expect(valkey.slots.keys == valkey.total.keys)
    #expect(valkey.slots.count > 0)
  }

  @Test("Keeps the first entries of a full list, with exact counts")
  func bounds() throws {
    var snapshot = SnapshotBuilder(version: 7)
    for number in 0..<300 {
      snapshot.aux("name-\(number % 100)", "x")
      snapshot.string("key-\(number)", "value")
    }
    let alone = try info(snapshot.whole)
    #expect(alone.aux.entries.count == CountedAuxField.limit)
    #expect(alone.aux.entries.allSatisfy { $0.count == 3 })
    #expect(try info(snapshot.whole, threads: 3) == alone)
  }
}
