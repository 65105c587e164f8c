import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport
import TestSupport
import Testing

import RDBSQLite

/// A snapshot as tables: everything that the reader announces is in a row, with its exact bytes.
@Suite("A snapshot as a database")
struct SnapshotDatabaseTests {
  typealias Value = QueryRows.Value

  /// Writes a snapshot into a temporary database.
  static func database(_ bytes: [UInt8], values: Bool = true) throws -> (SnapshotDatabase, Ledger) {
    let database = try SnapshotDatabase(path: nil, holdsValues: values, threads: 1)
    let model = ServerModel(ServerVersion(.redis, 8, 2))
    let ledger = try database.write(facts: ["reference_ms": "0"]) { tables in
      var reader = RDBReader(MemorySource(bytes))
      guard values else { return try reader.fold(MemorySink(model, to: try tables.keyRows())).summary }
      let summary = try reader.fold(Tee(MemorySink(model, to: try tables.keyRows()), try tables.valueRows())).summary
      var ledger = summary.first
      ledger.merge(summary.second)
      return ledger
    }
    return (database, ledger)
  }

  static func rows(_ database: SnapshotDatabase, _ sql: String) throws -> [[Value]] {
    var all: [[Value]] = []
    try database.query(sql) { rows in try rows.forEach { all.append($0) } }
    return all
  }

  /// The bytes of a BLOB column, and its text twin, which must be there exactly if the bytes are UTF-8 without NUL.
  static func twin(_ bytes: [UInt8]) -> [Value] {
    let isText = !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
    return [.blob(bytes), isText ? .text(bytes) : .null]
  }

  static func integer(_ value: UInt64?) -> Value { value.map { .integer(Int64(clamping: $0)) } ?? .null }
  static func id(_ id: StreamID) -> Value { .text(Array("\(id)".utf8)) }

  /// The rows of the tables of elements that a key must have.
  static func expected(_ key: Int64, _ value: SnapshotValue) -> [String: [[Value]]] {
    let number = Value.integer(key)
    switch value {
    case .string(let bytes): return ["strings": [[number] + twin(bytes)]]
    case .list(let elements):
      return ["list_elements": elements.enumerated().map { [number, .integer(Int64($0))] + twin($1) }]
    case .set(let members): return ["set_members": members.map { [number] + twin($0) }]
    case .zset(let members):
      return [
        "zset_members": members.enumerated().map {
          [number, .integer(Int64($0))] + twin($1.member) + [.real($1.score)]
        }
      ]
    case .hash(let fields):
      return [
        "hash_fields": fields.map {
          [number] + twin($0.field) + twin($0.value) + [$0.expiry.map { .integer($0.value) } ?? .null]
        }
      ]
    case .array(let elements, _):
      // A larger index is a loss.
      let kept = elements.filter { $0.index <= UInt64(Int64.max) }
      return ["array_elements": kept.map { [number, integer($0.index)] + twin($0.value) }]
    case .pathHash(let paths):
      return [
        "path_fields": paths.flatMap { path in
          path.fields.map { [number] + twin(path.path) + twin($0.field) + twin($0.value) }
        }
      ]
    case .stream(let stream): return expected(number, stream)
    case .module, .notRead, .tooLarge: return [:]
    }
  }

  private static func expected(_ number: Value, _ stream: SnapshotStream) -> [String: [[Value]]] {
    let deleted = stream.info.maxDeletedID.map { id($0) } ?? .null
    let fields = stream.entries.flatMap { entry in
      entry.fields.enumerated().map { position, field in
        [
          number, id(entry.id), integer(entry.id.milliseconds), integer(entry.id.sequence), .integer(Int64(position)),
        ] + twin(field.name) + twin(field.value)
      }
    }
    var (groups, consumers, pending): ([[Value]], [[Value]], [[Value]]) = ([], [], [])
    for group in stream.groups {
      let read: Value = if case .known(let count) = group.entriesRead { integer(count) } else { .null }
      groups.append(
        [number] + twin(group.name) + [id(group.lastDelivered), read, .integer(Int64(group.pending.count))])
      for consumer in group.consumers {
        let count = group.pending.count { $0.consumer == consumer.name }
        consumers.append(
          [number, .blob(group.name)] + twin(consumer.name) + [
            .integer(consumer.seen.value), consumer.active.map { .integer($0.value) } ?? .null, .integer(Int64(count)),
          ])
      }
      for entry in group.pending {
        pending.append([
          number, .blob(group.name), id(entry.id), entry.consumer.map { .blob($0) } ?? .null,
          .integer(entry.delivered.value), integer(entry.deliveryCount),
        ])
      }
    }
    return [
      "streams": [
        [number, integer(stream.info.length), id(stream.info.lastID), deleted, integer(stream.info.entriesAdded)]
      ],
      "stream_fields": fields, "stream_groups": groups, "stream_consumers": consumers, "stream_pending": pending,
    ]
  }

  @Test("has every key and element of every fixture, with exact bytes", arguments: Fixture.valid)
  func everyElement(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let (database, ledger) = try Self.database(bytes)
    var keys = SnapshotKeys(MemorySource(bytes), valueLimit: .max)
    var wanted: [String: [[Value]]] = [:]
    var names: [[Value]] = []
    var losses = 0
    while let key = try keys.next() {
      names.append(
        [.integer(Int64(clamping: key.database))] + Self.twin(key.name) + [
          .text(Array(key.type.rawValue.utf8)), key.expiry.map { .integer($0.value) } ?? .null,
          Self.integer(key.idleSeconds), Self.integer(key.frequency.map { UInt64($0) }),
        ])
      switch key.value {
      case .module: losses += 1
      case .array(let elements, _): losses += elements.count { $0.index > UInt64(Int64.max) }
      case .string, .list, .set, .zset, .hash, .stream, .pathHash, .notRead, .tooLarge: break
      }
      wanted.merge(Self.expected(Int64(names.count), key.value)) { $0 + $1 }
    }
    let found = try Self.rows(
      database, "SELECT db, key, key_text, type, expires_ms, idle_seconds, frequency FROM keys ORDER BY id")
    #expect(found == names)
    #expect(ledger.keysRead == UInt64(names.count))
    let lost = ledger.losses.reduce(0) { $0 + Int($1.count) }
    #expect(lost == losses)
    for table in SnapshotTables.values.map({ String($0.split(separator: " ")[2]) }) {
      let rows = try Self.rows(database, "SELECT * FROM \(table) ORDER BY rowid")
      #expect(rows == wanted[table] ?? [], "\(table)")
    }
  }

  @Test("has the memory, encoding, size, slot and offset of rdb memory in each row")
  func measurements() throws {
    struct Collector: MemoryReceiver, ~Copyable {
      var summary = KeyList()
      mutating func receive(_ key: borrowing MeasuredKey) throws(RDBError) {
        summary.rows.append([
          SnapshotDatabaseTests.integer(key.memoryByteCount), .integer(Int64(key.serializedByteCount)),
          .integer(Int64(key.elementCount)), .integer(Int64(key.largestElementByteCount)),
          .integer(Int64(HashSlots().slot(of: key.name))), .integer(Int64(key.offset)),
          key.encoding.map { .text(Array($0.rawValue.utf8)) } ?? .null,
        ])
      }
      consuming func finish() throws(RDBError) -> KeyList { summary }
    }
    struct KeyList: MergeableSummary {
      var rows: [[Value]] = []
      mutating func merge(_ other: KeyList) { rows += other.rows }
    }
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    var reader = RDBReader(MemorySource(bytes))
    let wanted = try reader.fold(MemorySink(ServerModel(ServerVersion(.redis, 8, 2)), to: Collector())).summary.rows
    let (database, _) = try Self.database(bytes, values: false)
    let columns = "memory_bytes, stored_bytes, elements, largest_element_bytes, slot, file_offset, encoding"
    let found = try Self.rows(database, "SELECT \(columns) FROM keys ORDER BY id")
    #expect(found == wanted && wanted.count > 50)
  }

  @Test("answers each view, and uses an index for what the documentation looks up")
  func views() throws {
    let (database, _) = try Self.database(Fixture.named("redis-7.2.6/all").bytes)
    for view in ["memory", "bigkeys", "memkeys", "hotkeys", "idle", "prefix", "ttl", "stats", "slots"] {
      _ = try Self.rows(database, "SELECT * FROM \(view)")
    }
    let keys = try Self.rows(database, "SELECT count(*), sum(memory_bytes) FROM keys")
    for view in ["prefix", "ttl", "stats", "slots"] {
      let sums = try Self.rows(database, "SELECT sum(keys), sum(memory_bytes) FROM \(view)")
      #expect(sums == keys, "\(view)")
    }
    for (query, index) in [
      ("SELECT * FROM keys WHERE key = CAST('user:1' AS BLOB)", "keys_key"),
      ("SELECT * FROM keys WHERE expires_ms < 5", "keys_expiry"),
      ("SELECT * FROM keys ORDER BY memory_bytes DESC LIMIT 5", "keys_memory"),
      ("SELECT type, sum(memory_bytes) FROM keys GROUP BY type", "keys_type"),
      ("SELECT * FROM memory LIMIT 5", "keys_memory"),
      ("SELECT * FROM hash_fields WHERE key_id = 3 AND field = x'61'", "hash_fields_key"),
      ("SELECT * FROM list_elements WHERE key_id = 3 ORDER BY position", "list_elements_key"),
    ] {
      let plan = try Self.rows(database, "EXPLAIN QUERY PLAN \(query)")
      #expect("\(plan.map { row in row.map { Self.text($0) } })".contains(index), "\(query)")
    }
  }

  private static func text(_ value: Value) -> String {
    switch value {
    case .text(let bytes): String(decoding: bytes, as: UTF8.self)
    case .null, .integer, .real, .blob: ""
    }
  }
}

/// What a query must not do.
@Suite("A query of a database")
struct QueryTests {
  @Test(
    "can only read",
    arguments: [
      "DELETE FROM keys", "INSERT INTO info VALUES ('a', 'b')", "UPDATE keys SET db = 1", "DROP TABLE keys",
      "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)", "ATTACH '/tmp/rdb-attached.sqlite' AS other",
      "VACUUM INTO '/tmp/rdb-copy.sqlite'", "PRAGMA journal_mode = WAL", "PRAGMA query_only = OFF",
      "PRAGMA writable_schema = ON", "SELECT load_extension('x')", "BEGIN", "REINDEX", "ANALYZE", "",
      "SELECT 1; DELETE FROM keys", "SELECT * FROM missing", "WITH a AS (SELECT 1) DELETE FROM keys",
      "REPLACE INTO info VALUES ('a', 'b')", "SELECT * FROM pragma_journal_mode",
    ])
  func refusals(_ sql: String) throws {
    let (database, _) = try SnapshotDatabaseTests.database(Fixture.named("redis-7.2.6/all").bytes, values: false)
    let before = try SnapshotDatabaseTests.rows(database, "SELECT count(*) FROM keys")
    let error = #expect(throws: SQLiteError.self) { _ = try SnapshotDatabaseTests.rows(database, sql) }
    #expect(error?.kind == .query, "\(error?.message ?? "")")
    let after = try SnapshotDatabaseTests.rows(database, "SELECT count(*) FROM keys")
    #expect(after == before)
  }

  @Test("asks a file that was written before, and refuses other files")
  func stored() throws {
    let folder = Scratch()
    let path = "\(folder.path)/keys.sqlite"
    let database = try SnapshotDatabase(path: path, holdsValues: false, threads: 2)
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    _ = try database.write(facts: [:]) { tables in
      var reader = RDBReader(MemorySource(bytes))
      return try reader.fold(MemorySink(ServerModel(ServerVersion(.redis, 8, 2)), to: try tables.keyRows())).summary
    }
    try database.close()
    #expect(folder.names == ["keys.sqlite"])
    var count: [[QueryRows.Value]] = []
    try StoredDatabase(path: path).query("SELECT count(*) > 50 FROM keys") { try $0.forEach { count.append($0) } }
    #expect(count == [[.integer(1)]])
    let attempt = { try StoredDatabase(path: path).query("DELETE FROM keys") { try $0.forEach { _ in } } }
    let refused = #expect(throws: SQLiteError.self) { try attempt() }
    #expect(refused?.kind == .query)

    folder.write(Array("SQLite format 3\0 and then nothing like it".utf8), as: "broken.sqlite")
    let error = #expect(throws: SQLiteError.self) { _ = try StoredDatabase(path: "\(folder.path)/broken.sqlite") }
    #expect(error?.kind == .file)
  }
}
