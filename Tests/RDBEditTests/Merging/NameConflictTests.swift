import RDB
import RDBEdit
import RDBFormat
import RDBSupport
import TestSupport
import Testing

@Suite("Names that occur more than once")
struct NameConflictTests {
  /// A sink that keeps the names of keys and their values.
  struct Names: SelectiveSink, OutputSink {
    var lines: [String] = []
    private var name = ""

    static var events: SinkEvents { [.string] }
    mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
      name = "\(key.database) \(String(decoding: [UInt8](key.name), as: UTF8.self))"
      return .elements
    }
    mutating func string(_ value: RawSpan) throws {
      lines.append("\(name)=\(String(decoding: [UInt8](value), as: UTF8.self))")
    }
    mutating func endBatch() throws {}
    consuming func finish() throws -> Collected<String> { Collected(lines) }
  }

  /// A snapshot with a string per pair of a name and a value.
  static func snapshot(_ keys: [(String, String)], database: UInt64 = 0) -> [UInt8] {
    var snapshot = SnapshotBuilder()
    snapshot.select(database)
    for (name, value) in keys { snapshot.string(name, value) }
    return snapshot.whole
  }

  /// The conflicts of several snapshots, and the keys of each that stay.
  static func merge(
    _ inputs: [[UInt8]], _ conflict: NameConflict, times: [UInt64?]? = nil, threads: Int = 1,
    memoryByteCount: Int = 32 << 20, renamer: RenamingSink<NameRecordingSink>.Renamer? = nil
  ) throws -> (conflicts: NameConflicts, lines: [String], dropped: UInt64) {
    let record = NameRecord(threads: threads, memoryByteCount: memoryByteCount)
    for (index, input) in inputs.enumerated() {
      var reader = RDBReader(MemorySource(input))
      try reader.fold(threads: threads) { RenamingSink(renamer, base: record.sink(input: index)) }
    }
    let ranks = conflict.ranks(ofInputsSavedAt: times ?? inputs.map { _ in nil })
    let conflicts = try record.conflicts(conflict, ranks: ranks)
    var lines: [String] = []
    var dropped: UInt64 = 0
    for (index, input) in inputs.enumerated() {
      var reader = RDBReader(MemorySource(input))
      let summary = try reader.fold(threads: threads) {
        try DroppingSink(conflicts.dropped, input: index, base: Names())
      }.summary
      lines += summary.base.values
      dropped += summary.ledger.keysFiltered
    }
    return (conflicts, lines, dropped)
  }

  static let three = [
    snapshot([("a", "1"), ("b", "1"), ("c", "1")]), snapshot([("b", "2"), ("d", "2"), ("a", "2")]),
    snapshot([("e", "3"), ("a", "3")]),
  ]

  @Test(
    "Keeps one key per name, as the choice says",
    arguments: [
      (.first, nil, ["0 a=1", "0 b=1", "0 c=1", "0 d=2", "0 e=3"]),
      (.last, nil, ["0 c=1", "0 b=2", "0 d=2", "0 e=3", "0 a=3"]),
      (.newest, [5, 7, 6], ["0 c=1", "0 b=2", "0 d=2", "0 a=2", "0 e=3"]),
      (.newest, [7, 5, 7], ["0 a=1", "0 b=1", "0 c=1", "0 d=2", "0 e=3"]),
    ] as [(NameConflict, [UInt64]?, [String])])
  func choices(_ conflict: NameConflict, _ times: [UInt64]?, _ expected: [String]) throws {
    let result = try Self.merge(Self.three, conflict, times: times)
    #expect(result.lines == expected)
    #expect(result.conflicts.count == 3)
    #expect(result.dropped == 3)
    #expect(result.conflicts.first?.repetition.input == 1)
    #expect(result.conflicts.first?.earlier.input == 0)
  }

  @Test("Tells equal names of two databases apart")
  func databases() throws {
    let result = try Self.merge(
      [Self.snapshot([("a", "1")]), Self.snapshot([("a", "2")], database: 3)], .first)
    #expect(result.conflicts.count == 0)
    #expect(result.conflicts.dropped == nil)
    #expect(result.lines == ["0 a=1", "3 a=2"])
  }

  @Test("Finds names within one input that are equal after renaming", arguments: [NameConflict.first, .last])
  func renamed(_ conflict: NameConflict) throws {
    let input = Self.snapshot([("a", "1"), ("b", "2"), ("ab", "3")])
    let result = try Self.merge([input], conflict) { name, new in
      new = [name.unsafeLoad(as: UInt8.self)]
      return true
    }
    #expect(result.conflicts.count == 1)
    #expect(result.lines == (conflict == .first ? ["0 a=1", "0 b=2"] : ["0 b=2", "0 ab=3"]))
  }

  @Test("Finds the same keys with any number of workers, and beyond the memory for sorting", arguments: [1, 2, 3])
  func many(threads: Int) throws {
    let first = Self.snapshot((0..<60_000).map { ("key:\($0)", "1") })
    let second = Self.snapshot((30_000..<60_000).map { ("key:\($0)", "2") })
    let result = try Self.merge([first, second], .last, threads: threads, memoryByteCount: 100_000)
    #expect(result.conflicts.count == 30_000)
    #expect(result.dropped == 30_000)
    #expect(result.lines.count == 60_000)
    #expect(result.lines.filter { $0.hasSuffix("=2") }.count == 30_000)
    #expect(Set(result.lines.map { $0.prefix { $0 != "=" } }).count == 60_000)
  }

  @Test("Counts the keys of each database, and those with an expiry")
  func counts() throws {
    var snapshot = SnapshotBuilder()
    snapshot.select(0)
    snapshot.string("a", "1", expiry: 5)
    snapshot.select(2)
    snapshot.string("a", "1")
    snapshot.select(0)
    snapshot.string("b", "1")
    let record = NameRecord(threads: 1)
    var reader = RDBReader(MemorySource(snapshot.whole))
    let totals = try reader.fold(record.sink(input: 0)).summary
    #expect(totals.databases.keys.sorted() == [0, 2])
    #expect(totals.databases[0]?.keys == 2)
    #expect(totals.databases[0]?.expiring == 1)
    #expect(totals.databases[2]?.keys == 1)
  }
}

@Suite("A sink that renames keys")
struct RenamingSinkTests {
  @Test("Gives keys and sizes the new numbers of their databases")
  func databases() throws {
    var snapshot = SnapshotBuilder(version: 9)
    for database in [0, 1, 2] as [UInt64] {
      snapshot.select(database)
      snapshot.raw([0xFB, 1, 0])
      snapshot.string("a", "1")
    }
    var sink = RenamingSink(nil, databases: [0: 7, 2: 0], base: RecordingSink(interest: .skip))
    var reader = RDBReader(MemorySource(snapshot.whole))
    try reader.read(into: &sink)
    let keys = sink.base.log.filter { $0.hasPrefix("key") }.map { $0.split(separator: " ")[3] }
    #expect(keys == ["7", "1", "0"])
    #expect(sink.base.log.filter { $0.hasPrefix("size") }.map { $0.split(separator: " ")[2] } == ["7", "1", "0"])
  }
}
