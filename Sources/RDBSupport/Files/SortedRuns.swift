/// A fixed-size entry for an external sort, without padding at its end.
@usableFromInline package protocol SortedEntry: BitwiseCopyable, Sendable {
  /// Whether this entry comes before another in the sort order.
  ///
  /// The order is strict: two entries are equal if neither precedes the other.
  func precedes(_ other: Self) -> Bool

  /// Sorts entries in memory. The default uses the standard library's sort.
  static func sort(_ entries: UnsafeMutableBufferPointer<Self>)
}

extension SortedEntry {
  @inlinable
  package static func sort(_ entries: UnsafeMutableBufferPointer<Self>) {
    var entries = entries
    entries.sort { $0.precedes($1) }
  }
}

/// The sorted runs of an external sort: all in one temporary file, except the last, which may be in memory.
///
/// A ``RunBuilder`` makes them, a ``RunMerge`` merges them.
package struct SortedRuns<Entry: SortedEntry>: Sendable {
  /// The file of the runs; `nil` if no run left the memory.
  let file: TemporaryFile?
  /// The number of entries in each run of the file, in file order.
  let counts: [Int]
  /// The run in memory; empty if all runs are in the file.
  let held: [Entry]
}
