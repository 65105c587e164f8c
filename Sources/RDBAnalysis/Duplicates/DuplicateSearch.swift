import RDBSupport

/// Finds keys that a database has twice, and members that a key has twice, in bounded memory.
///
/// An external sort brings equal hashes together; their names are then compared byte by byte. The temporary files
/// take 48 bytes per key and member, and the bytes of their names.
struct DuplicateSearch {
  /// The memory for entries of all workers together, in bytes: first for sorting, then for merging. Sorting takes
  /// additional memory of half this size.
  static let memoryByteCount = 32 << 20
  /// The number of duplicates that are described.
  private static let describedLimit = 10

  /// An entry with the index of its log.
  private struct Located {
    var entry: DuplicateEntry
    var log: Int
  }
  private typealias Pair = (repeated: Located, original: Located)

  /// The logs of all workers.
  private let logs: [CompleteDuplicateLog]

  init(_ logs: [CompleteDuplicateLog]) { self.logs = logs }

  /// Merges the workers' runs and compares all entries with equal hashes.
  func find() throws(SystemError) -> Duplicates {
    var merge = try RunMerge(logs.map(\.runs), byteCount: Self.memoryByteCount)
    var count: UInt64 = 0
    var first: [Pair] = []
    // The distinct entries with the current hash. Repetitions are not added: their number has no bound.
    var group: [Located] = []
    while let entry = try merge.next() {
      let located = Located(entry: entry, log: merge.source)
      if let last = group.last, last.entry.hash != entry.hash { group.removeAll(keepingCapacity: true) }
      if let original = try equal(to: located, in: group) {
        count += 1
        Self.keep((located, original), in: &first)
      } else {
        group.append(located)
      }
    }
    return Duplicates(
      count: count, first: try first.map { pair throws(SystemError) in try describe(pair.repeated, pair.original) })
  }

  /// Returns the entry of a group that is the same key, or the same member of the same key.
  private func equal(to located: Located, in group: [Located]) throws(SystemError) -> Located? {
    guard !group.isEmpty else { return nil }
    let (isKey, keyOffset) = (located.entry.isKey, located.entry.keyOffset)
    let (number, bytes) = try name(located)
    for other in group where other.entry.isKey == isKey {
      if !isKey, other.entry.keyOffset != keyOffset { continue }
      let (otherNumber, otherBytes) = try name(other)
      if bytes == otherBytes, !isKey || number == otherNumber { return other }
    }
    return nil
  }

  private func name(_ located: Located) throws(SystemError) -> (number: UInt64, bytes: [UInt8]) {
    try logs[located.log].names.entry(at: located.entry.nameOffset)
  }

  /// Inserts a pair into the list of the pairs that come first in the file.
  private static func keep(_ pair: Pair, in first: inout [Pair]) {
    let index = first.firstIndex { pair.repeated.entry.isBefore($0.repeated.entry) } ?? first.endIndex
    guard index < describedLimit else { return }
    first.insert(pair, at: index)
    if first.count > describedLimit { first.removeLast() }
  }

  private func describe(_ repeated: Located, _ original: Located) throws(SystemError) -> Duplicates.Duplicate {
    let (number, bytes) = try name(repeated)
    if repeated.entry.isKey {
      return Duplicates.Duplicate(
        kind: .key, database: number, key: BinaryText(bytes), offset: Int(repeated.entry.keyOffset),
        firstOffset: Int(original.entry.keyOffset))
    }
    let key = try logs[repeated.log].names.entry(at: number)
    return Duplicates.Duplicate(
      kind: .member, database: key.number, key: BinaryText(key.bytes), offset: Int(repeated.entry.keyOffset),
      member: BinaryText(bytes), index: repeated.entry.elementNumber, firstIndex: original.entry.elementNumber)
  }
}
