/// A counted entry of a bounded report.
package protocol CountedEntry: Codable, Hashable, Sendable {
  /// The largest number of entries that a report keeps.
  static var limit: Int { get }
  /// Whether this entry comes before another.
  ///
  /// The order is strict and does not depend on the counts. Two entries describe the same subject if neither precedes
  /// the other.
  func precedes(_ other: Self) -> Bool
  /// Adds the counts of an entry with the same subject.
  mutating func merge(_ other: Self)
}

/// The first entries in their sort order, up to a limit, each with exact counts.
///
/// An entry among the first of the whole is among the first of every part, so no part has dropped it, and parts can be
/// merged in any order. In JSON the value is an array.
package struct SmallestEntries<Entry: CountedEntry>: Hashable, Sendable, Codable {
  package private(set) var entries: [Entry] = []

  package init() {}

  package init(from decoder: any Decoder) throws {
    entries = try decoder.singleValueContainer().decode([Entry].self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(entries)
  }

  /// Merges an entry into the one with the same subject, or inserts it.
  ///
  /// - Complexity: O(*n*) for a new entry, else O(log *n*), for *n* kept entries.
  package mutating func add(_ entry: Entry) {
    let index = index(of: entry)
    if index < entries.count, !entry.precedes(entries[index]) {
      entries[index].merge(entry)
    } else if index < Entry.limit {
      entries.insert(entry, at: index)
      if entries.count > Entry.limit { entries.removeLast() }
    }
  }

  /// Updates the entry with the same subject as `entry`, or inserts and updates `entry`; does nothing if `entry` would
  /// be dropped.
  package mutating func update(_ entry: Entry, _ change: (inout Entry) -> Void) {
    let index = index(of: entry)
    if index < entries.count, !entry.precedes(entries[index]) {
      change(&entries[index])
    } else if index < Entry.limit {
      entries.insert(entry, at: index)
      change(&entries[index])
      if entries.count > Entry.limit { entries.removeLast() }
    }
  }

  package mutating func merge(_ other: Self) {
    for entry in other.entries { add(entry) }
  }

  /// Returns the index of the first entry that does not precede `entry`.
  private func index(of entry: Entry) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].precedes(entry) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
