import RDB

/// The rules for comparing two snapshots.
package struct ComparisonOptions: Sendable {
  /// Whether the expiries of keys and fields are left out.
  package var ignoresExpiries = false
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
}
