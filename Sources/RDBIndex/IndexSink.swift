import RDB
import RDBFormat
import RDBSupport

/// Collects the offset of every key: one worker's part of an index.
///
/// Values are skipped. Entries are sorted in memory; when the memory is full, they go to a temporary file as a
/// sorted run. Memory does not grow with the number of keys.
package struct IndexSink: SelectiveSink, FoldingSink, ~Copyable {
  package struct Options: Sendable {
    /// The number of sinks that share the memory.
    package var workers: Int
    /// The folder of the temporary files, which take 16 bytes per key.
    package var folder: String
    /// The memory for sorting of all workers together, in bytes.
    package var memoryByteCount = 96 << 20

    package init(workers: Int, folder: String) { (self.workers, self.folder) = (workers, folder) }
  }

  /// The sorted entries of one worker.
  package struct Part: Sendable {
    let runs: SortedRuns<IndexEntry>
    let count: UInt64
  }

  /// The sorted entries of several workers.
  package struct Parts: MergeableSummary {
    var parts: [Part]
    package mutating func merge(_ other: Parts) { parts += other.parts }
  }

  private var builder: RunBuilder<IndexEntry>
  private var count: UInt64 = 0

  package init(_ options: Options) {
    builder = RunBuilder(
      memoryByteCount: options.memoryByteCount / max(options.workers, 1), folder: options.folder)
  }

  package static var events: SinkEvents { [.beginKey] }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    guard UInt64(key.offset) < IndexEntry.offsetLimit else {
      throw RDBError(
        .refused, at: key.offset, expected: "a snapshot of less than 256 TiB", found: "a larger one")
    }
    let entry = IndexEntry(key.name, database: key.database, offset: UInt64(key.offset))
    do throws(SystemError) { try builder.add(entry) } catch { throw RDBError(error) }
    count &+= 1
    return .skip
  }

  package consuming func finish() throws(RDBError) -> Parts {
    let count = count
    do throws(SystemError) {
      return Parts(parts: [Part(runs: try builder.finish(keepsMemory: true), count: count)])
    } catch {
      throw RDBError(error)
    }
  }
}
