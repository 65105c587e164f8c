import RDB
import RDBFormat

/// The rules for comparing two snapshots.
package struct ComparisonOptions: Sendable {
  /// Whether the expiries of keys and fields are left out.
  package var ignoresExpiries = false
  /// The largest difference of two expiries that count as the same, in milliseconds.
  package var expiryTolerance: UInt64 = 0
  /// A key that only the first snapshot has, and that expires at this time or earlier, counts as expired; `nil`: none.
  package var expiredBy: UnixMilliseconds?
  /// Whether keys that only the second snapshot has are no difference.
  package var ignoresAdded = false
  /// The database in which all keys count as being; `nil`: their own.
  package var database: UInt64?
  /// The database in which the keys of a database count as being. A database without an entry keeps its number.
  package var databaseMap: [UInt64: UInt64] = [:]
  /// Whether only the names of added, removed and changed keys are found, not what changed inside.
  package var keysOnly = false
  /// The most changes inside one key that are reported; the others are counted.
  package var changeLimit = 100
  /// The largest limit of changes inside one key: they are held in memory.
  package static let largestChangeLimit = 1_000_000
  /// The number of workers that read a snapshot.
  package var workers = 1
  /// The memory for sorting the keys or parts of one snapshot, in bytes.
  package var memoryByteCount = 96 << 20
  /// The folder of temporary files; `nil`: that in `TMPDIR`, else `/tmp`.
  package var folder: String?
  /// The key of all digests: no one knows it, so that no snapshot can be made to look equal.
  let key = DigestKey.random()

  package init() {}

  /// Returns the database in which a key counts as being.
  func database(of database: UInt64) -> UInt64 {
    if let only = self.database { return only }
    return databaseMap.isEmpty ? database : databaseMap[database] ?? database
  }

  /// Whether two keys expire at the same time.
  func areEqual(_ first: UnixMilliseconds?, _ second: UnixMilliseconds?) -> Bool {
    guard expiryTolerance > 0, let first, let second else { return first == second }
    let (distance, overflows) = first.value.subtractingReportingOverflow(second.value)
    return !overflows && distance.magnitude <= expiryTolerance
  }
}
