public import RDB
import RDBFormat

/// Notes where every key stands: one worker's part of an index being made.
///
///     let options = IndexSink.Options(workers: 2, folder: ".")
///     let result = try reader.fold(threads: 2) { IndexSink(options) }
///
/// Values are stepped over. Entries are sorted in memory, and from six million on written to a temporary file in
/// runs: memory does not grow with the number of keys.
public struct IndexSink: SelectiveSink, FoldingSink, ~Copyable {
  public struct Options: Sendable {
    /// How many sinks share the memory.
    public var workers: Int
    /// Where temporary files may be, 16 bytes a key; they have no names.
    public var folder: String
    /// For sorting, of all workers together.
    package var memoryByteCount = 96 << 20

    public init(workers: Int, folder: String) { (self.workers, self.folder) = (workers, folder) }
  }

  /// What one worker found.
  public final class Part: Sendable {
    nonisolated(unsafe) let runs: SortedRuns<IndexEntry>
    let count: UInt64
    init(_ runs: SortedRuns<IndexEntry>, count: UInt64) { (self.runs, self.count) = (runs, count) }
  }

  /// What all workers found.
  public struct Parts: MergeableSummary {
    var parts: [Part]
    public mutating func merge(_ other: Parts) { parts += other.parts }
  }

  private let runs: SortedRuns<IndexEntry>
  private var entries: UnsafeMutableBufferPointer<IndexEntry>
  private var held = 0
  private var count: UInt64 = 0

  public init(_ options: Options) {
    runs = SortedRuns(folder: options.folder)
    let capacity = options.memoryByteCount / max(options.workers, 1) / SortedRuns<IndexEntry>.entryByteCount
    entries = .allocate(capacity: max(capacity, 1024))
  }

  @inlinable deinit { release() }

  @usableFromInline func release() { entries.deallocate() }

  public static var events: SinkEvents { .beginKey }

  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    if held == entries.count { try spill() }
    guard UInt64(key.offset) < IndexEntry.offsetLimit else {
      throw RDBError(
        .refused, at: key.offset, expected: "a snapshot of less than 256 TiB", found: "a larger one")
    }
    entries[held] = IndexEntry(key.name, database: key.database, offset: UInt64(key.offset))
    held &+= 1
    count &+= 1
    return .skip
  }

  private mutating func spill() throws(RDBError) {
    let run = UnsafeMutableBufferPointer(rebasing: entries[..<held])
    IndexEntry.sort(run)
    try runs.append(run)
    held = 0
  }

  public consuming func finish() throws(RDBError) -> Parts {
    IndexEntry.sort(UnsafeMutableBufferPointer(rebasing: entries[..<held]))
    try runs.flush()
    runs.keep(entries, count: held)
    entries = UnsafeMutableBufferPointer(start: nil, count: 0)
    return Parts(parts: [Part(runs, count: count)])
  }
}
