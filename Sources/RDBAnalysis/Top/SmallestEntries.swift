/// An entry of a bounded report: something that is counted, in a place of its own.
public protocol CountedEntry: Codable, Hashable, Sendable {
  /// How many entries are kept.
  static var limit: Int { get }
  /// A strict order by what is counted, not by how often: two entries of which neither precedes the
  /// other are about the same.
  func precedes(_ other: Self) -> Bool
  /// Adds the counts of an entry about the same.
  mutating func merge(_ other: Self)
}

/// The first entries in their own order, each with exact counts, however many there are.
///
/// What is kept was never dropped by any part: an entry among the first of the whole is among the
/// first of every part that has it. So parts merge in any order to the same. In JSON an array.
public struct SmallestEntries<Entry: CountedEntry>: Hashable, Sendable, Codable {
  public private(set) var entries: [Entry] = []

  public init() {}

  public init(from decoder: any Decoder) throws {
    entries = try decoder.singleValueContainer().decode([Entry].self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(entries)
  }

  /// Adds an entry to what is known of the same.
  ///
  /// - Complexity: O(entries kept) for a new one, else O(log entries kept).
  public mutating func add(_ entry: Entry) {
    let place = place(of: entry)
    if place < entries.count, !entry.precedes(entries[place]) {
      entries[place].merge(entry)
    } else if place < Entry.limit {
      entries.insert(entry, at: place)
      if entries.count > Entry.limit { entries.removeLast() }
    }
  }

  /// Changes the entry about the same as `entry`, which is added first if there is none; nothing, if
  /// that one is not kept.
  public mutating func update(_ entry: Entry, _ change: (inout Entry) -> Void) {
    let place = place(of: entry)
    if place < entries.count, !entry.precedes(entries[place]) {
      change(&entries[place])
    } else if place < Entry.limit {
      entries.insert(entry, at: place)
      change(&entries[place])
      if entries.count > Entry.limit { entries.removeLast() }
    }
  }

  public mutating func merge(_ other: Self) {
    for entry in other.entries { add(entry) }
  }

  /// Of the first entry that `entry` does not come behind.
  private func place(of entry: Entry) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].precedes(entry) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
