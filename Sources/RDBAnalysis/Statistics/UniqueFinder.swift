import RDB
import RDBFormat

/// Finds what stands twice, in bounded memory: an external merge sort of hashes, equal ones compared
/// byte by byte.
///
/// Disk, in `TMPDIR`: 48 bytes a key and member, and their own bytes.
final class UniqueFinder {
  /// Bytes for the entries being sorted, of all workers together, and then for merging them. Sorting
  /// takes half as much again.
  private static let memoryByteCount = 32 << 20

  /// One a worker.
  let logs: [UniqueLog]

  init(workers: Int) throws(RDBError) {
    let hasher = UniqueHash()
    logs = try (0..<workers).map { number throws(RDBError) in
      try UniqueLog(worker: number, hasher: hasher, byteCount: Self.memoryByteCount / workers)
    }
  }

  /// Merges the runs, and looks at every group of equal hashes.
  func find() throws(RDBError) -> Duplicates {
    for log in logs { try log.finish() }
    var merge = try RunMerge(logs.map(\.runs), byteCount: Self.memoryByteCount)
    var count: UInt64 = 0
    var first: [(repeated: UniqueEntry, original: UniqueEntry)] = []
    var group: [UniqueEntry] = []
    while let entry = try merge.next() {
      if let last = group.last, last.hash != entry.hash { group.removeAll(keepingCapacity: true) }
      if let original = try Self.equal(to: entry, in: group, logs) {
        count += 1
        Self.keep((entry, original), in: &first)
      } else {
        // Distinct ones only: many repetitions of one key do not pile up.
        group.append(entry)
      }
    }
    return Duplicates(
      count: count,
      first: try first.map { pair throws(RDBError) in
        try Self.describe(pair.repeated, pair.original, logs)
      })
  }

  /// The entry of `group` that is the same key, or the same member of the same key.
  private static func equal(to entry: UniqueEntry, in group: [UniqueEntry], _ logs: [UniqueLog])
    throws(RDBError) -> UniqueEntry?
  {
    guard !group.isEmpty else { return nil }
    let (number, bytes) = try name(entry, logs)
    for other in group where (other.index == 0) == (entry.index == 0) {
      if entry.index > 0, other.offset != entry.offset { continue }
      let (otherNumber, otherBytes) = try name(other, logs)
      if bytes == otherBytes, entry.index > 0 || number == otherNumber { return other }
    }
    return nil
  }

  private static func name(_ entry: UniqueEntry, _ logs: [UniqueLog]) throws(RDBError)
    -> (number: UInt64, bytes: [UInt8])
  {
    try logs[Int(entry.place >> 48)].name(at: entry.place & UniqueLog.placeMask)
  }

  /// Keeps the ten that come first in the file.
  private static func keep(
    _ pair: (repeated: UniqueEntry, original: UniqueEntry),
    in first: inout [(repeated: UniqueEntry, original: UniqueEntry)]
  ) {
    let place = first.firstIndex { pair.repeated.isBefore($0.repeated) } ?? first.endIndex
    guard place < 10 else { return }
    first.insert(pair, at: place)
    if first.count > 10 { first.removeLast() }
  }

  private static func describe(
    _ entry: UniqueEntry, _ original: UniqueEntry, _ logs: [UniqueLog]
  ) throws(RDBError) -> Duplicates.Duplicate {
    let (number, bytes) = try name(entry, logs)
    if entry.index == 0 {
      return Duplicates.Duplicate(
        kind: .key, database: number, key: BinaryText(bytes), offset: Int(entry.offset),
        firstOffset: Int(original.offset))
    }
    let key = try logs[Int(entry.place >> 48)].name(at: number)
    return Duplicates.Duplicate(
      kind: .member, database: key.number, key: BinaryText(key.bytes), offset: Int(entry.offset),
      member: BinaryText(bytes), index: entry.index, firstIndex: original.index)
  }
}
