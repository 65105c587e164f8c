import RDB
import RDBSupport

/// The names that a scan read, to count those that came more than once.
///
/// Memory does not grow with their number: a temporary file takes 16 bytes per key.
struct ScannedNames: ~Copyable {
  /// The digest of a database and a name.
  private struct Entry: HashedEntry {
    var digest: ValueDigest

    var order: UInt64 { digest.low }

    @inline(__always)
    func precedes(_ other: Entry) -> Bool {
      digest.low != other.digest.low ? digest.low < other.digest.low : digest.high < other.digest.high
    }
  }

  private static let memoryByteCount = 4 << 20

  private let start = DigestKey.random().state("key")
  private var builder = RunBuilder<Entry>(memoryByteCount: memoryByteCount)

  mutating func add(_ name: RawSpan, _ database: UInt32) throws(RDBError) {
    var state = start
    state.add(UInt64(database))
    state.add(name)
    let entry = Entry(digest: ValueDigest(state))
    try convertingSystemErrors { () throws(SystemError) in try builder.add(entry) }
  }

  /// Returns the number of names after the first one of the same key.
  consuming func repetitions() throws(RDBError) -> UInt64 {
    let runs = try finish()
    return try convertingSystemErrors { () throws(SystemError) in
      var merge = try RunMerge([runs], byteCount: Self.memoryByteCount)
      var count: UInt64 = 0
      var last: Entry?
      while let next = try merge.next() {
        if last?.digest == next.digest { count += 1 }
        last = next
      }
      return count
    }
  }

  private consuming func finish() throws(RDBError) -> SortedRuns<Entry> {
    do throws(SystemError) { return try builder.finish(keepsMemory: true) } catch { throw RDBError(error) }
  }
}
