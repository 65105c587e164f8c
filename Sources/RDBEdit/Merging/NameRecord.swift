import RDB
import RDBFormat
import RDBSupport

/// Records the names of the keys of one or more inputs, and finds those that occur more than once in a database.
///
/// Memory does not grow with the number of keys: an external sort brings equal names together. Its temporary files take
/// 24 bytes per key.
///
///     let record = NameRecord(threads: 2)
///     for (index, reader) in readers.enumerated() { try reader.fold(threads: 2) { record.sink(input: index) } }
///     let conflicts = try record.conflicts(.first, ranks: [0, 1])
package final class NameRecord {
  private let hasher = NameHasher()
  private let threads: Int
  private let memoryByteCount: Int
  private let lock = Lock()
  /// The sorts that no worker uses at the moment.
  private var idle: [Sort] = []
  private var sorts: [Sort] = []

  /// The sort of one worker at a time.
  fileprivate final class Sort {
    var builder: RunBuilder<NameOccurrence>?

    init(byteCount: Int) { builder = RunBuilder(memoryByteCount: byteCount) }
  }

  /// - Parameters:
  ///   - threads: The number of workers per input.
  ///   - memoryByteCount: The memory for recording, of all workers together, in bytes; then for finding equal names.
  ///     Sorting takes additional memory of half this size.
  package init(threads: Int, memoryByteCount: Int = 32 << 20) {
    self.threads = max(threads, 1)
    self.memoryByteCount = memoryByteCount
  }

  /// Returns the sink of a worker that reads an input.
  ///
  /// - Parameter input: The index of the input.
  package func sink(input: Int) -> NameRecordingSink { NameRecordingSink(self, input: input, hasher, take()) }

  private func take() -> Sort {
    lock.lock()
    defer { lock.unlock() }
    if let sort = idle.popLast() { return sort }
    let sort = Sort(byteCount: memoryByteCount / threads)
    sorts.append(sort)
    return sort
  }

  fileprivate func giveBack(_ sort: Sort) {
    lock.lock()
    idle.append(sort)
    lock.unlock()
  }

  /// Finds the keys that do not stay. All sinks must have ended.
  ///
  /// - Parameters:
  ///   - conflict: What happens to keys with the same name.
  ///   - ranks: The rank of each input: a key of an input with a lower rank stays.
  package func conflicts(_ conflict: NameConflict, ranks: [Int]) throws(SystemError) -> NameConflicts {
    var runs: [SortedRuns<NameOccurrence>] = []
    for sort in sorts {
      if let builder = sort.builder.take() { runs.append(try builder.finish(keepsMemory: true)) }
    }
    sorts = []
    idle = []
    var merge = try RunMerge(runs, byteCount: memoryByteCount / 2)
    var dropped = RunBuilder<DroppedKey>(memoryByteCount: memoryByteCount / 2)
    var conflicts = NameConflicts()
    // Of the keys with the current hash, the one that stays.
    var kept: NameOccurrence?
    while let next = try merge.next() {
      guard let staying = kept, staying.hash == next.hash else {
        kept = next
        continue
      }
      conflicts.add(next.position, staying.position)
      let (old, new) = (staying.position, next.position)
      let replaces = old.input == new.input ? conflict == .last : ranks[new.input] < ranks[old.input]
      try dropped.add(DroppedKey(position: replaces ? old : new))
      if replaces { kept = next }
    }
    if conflicts.count > 0 { conflicts.dropped = DroppedKeys(try dropped.finish(keepsMemory: true)) }
    return conflicts
  }
}

/// The keys whose names occur more than once, in one input or in several.
package struct NameConflicts {
  /// Creates an object without conflicts.
  package init() {}

  /// The number of keys that the output leaves out, because another key of their name is kept.
  package private(set) var count: UInt64 = 0
  /// The first key that repeats the name of an earlier key, and that earlier key; `nil` if no name is repeated.
  package private(set) var first: (repetition: RecordPosition, earlier: RecordPosition)?
  /// The keys that the output leaves out; `nil` if there are none.
  package fileprivate(set) var dropped: DroppedKeys?

  fileprivate mutating func add(_ repetition: RecordPosition, _ earlier: RecordPosition) {
    count += 1
    if let first, first.repetition < repetition { return }
    first = (repetition, earlier)
  }
}

/// The sink of a worker of a ``NameRecord``. It reads no values.
package struct NameRecordingSink: SelectiveSink, FoldingSink {
  private let record: NameRecord
  private let input: Int
  private let hasher: NameHasher
  private let sort: NameRecord.Sort
  private var counts = KeyTotals()

  fileprivate init(_ record: NameRecord, input: Int, _ hasher: NameHasher, _ sort: NameRecord.Sort) {
    (self.record, self.input, self.hasher, self.sort) = (record, input, hasher, sort)
  }

  package static var events: SinkEvents { [] }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    let occurrence = NameOccurrence(
      hash: hasher.hash(key.name, key.database), position: RecordPosition(input: input, offset: key.offset))
    try convertingSystemErrors { () throws(SystemError) in try sort.builder?.add(occurrence) }
    counts.add(key.database, isExpiring: key.expiry != nil)
    return .skip
  }

  package consuming func finish() throws -> KeyTotals {
    record.giveBack(sort)
    var counts = counts
    counts.settle()
    return counts
  }
}

/// The number of keys in each database.
package struct KeyTotals: MergeableSummary, Hashable {
  /// The counts of one database.
  package struct Count: Hashable, Sendable {
    package var keys: UInt64 = 0
    /// The number of keys with an expiry.
    package var expiring: UInt64 = 0
  }

  /// The largest number of databases whose keys are counted. Servers have 16 by default.
  private static let databaseLimit = 1 << 16

  package private(set) var databases: [UInt64: Count] = [:]
  /// The database of the last key, and its count since the last key of another database.
  private var current: UInt64 = 0
  private var count = Count()

  /// Creates counts of no keys.
  package init() {}

  /// The number of keys in all databases.
  package var keyCount: UInt64 { databases.values.reduce(0) { $0 + $1.keys } }

  mutating func add(_ database: UInt64, isExpiring: Bool) {
    if database != current {
      settle()
      current = database
    }
    count.keys &+= 1
    if isExpiring { count.expiring &+= 1 }
  }

  /// Adds the count of the current database to the others.
  mutating func settle() {
    if count.keys > 0, databases[current] != nil || databases.count < Self.databaseLimit {
      databases[current, default: Count()].add(count)
    }
    count = Count()
  }

  package mutating func merge(_ other: KeyTotals) {
    for (database, count) in other.databases { databases[database, default: Count()].add(count) }
  }
}

extension KeyTotals.Count {
  fileprivate mutating func add(_ other: Self) {
    keys += other.keys
    expiring += other.expiring
  }
}
