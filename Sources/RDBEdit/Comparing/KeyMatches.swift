import RDB
import RDBFormat
import RDBSupport

/// A key of one snapshot that the other snapshot does not have in the same way.
struct DifferingKey: SortedEntry {
  /// What differs.
  enum Kind: UInt64 {
    /// The other snapshot does not have the key.
    case alone
    /// Only the expiry differs.
    case expiry
    /// The value or the metadata differ, and possibly the expiry.
    case value
  }

  /// The file offset of the record.
  var offset: UInt64
  /// The number of the key among all differences: that of the record in the first snapshot, then of those that only the
  /// second has.
  var rank: UInt64
  /// The bytes of the value's data.
  var byteCount: UInt64
  /// The kind takes a whole word: an entry of a run has no padding at its end.
  private var kindCode: UInt64

  init(offset: UInt64, rank: UInt64, byteCount: UInt64, kind: Kind) {
    (self.offset, self.rank, self.byteCount, kindCode) = (offset, rank, byteCount, kind.rawValue)
  }

  var kind: Kind { Kind(rawValue: kindCode) ?? .value }

  @inline(__always)
  func precedes(_ other: DifferingKey) -> Bool { offset < other.offset }
}

/// The keys in which two snapshots differ: the result of the first pass over both.
package struct KeyMatches: Sendable {
  /// The counts of keys.
  package struct Counts: Hashable, Sendable {
    package var added: UInt64 = 0
    package var removed: UInt64 = 0
    package var changed: UInt64 = 0
    package var equal: UInt64 = 0
    /// The keys of the first snapshot that expired, and that the second one does not have.
    package var expired: UInt64 = 0
    /// The keys that only the second snapshot has, and that are no difference.
    package var ignored: UInt64 = 0
    /// The records of names that a later record of the same snapshot has again, and which are not compared.
    package var repeated: UInt64 = 0
    /// The keys whose value is damaged in one of the snapshots, which are not compared.
    package var notCompared: UInt64 = 0

    package init() {}

    /// The number of keys that differ.
    package var differing: UInt64 { added + removed + changed }
  }

  package private(set) var counts = Counts()
  /// What the first snapshot holds.
  package let before: KeyDigests.Totals
  /// What the second snapshot holds.
  package let after: KeyDigests.Totals
  /// The differing keys of the first snapshot, by offset.
  let differingBefore: SortedRuns<DifferingKey>
  /// The differing keys of the second snapshot, by offset.
  let differingAfter: SortedRuns<DifferingKey>

  private static let mergeByteCount = 32 << 20
  private static let builderByteCount = 32 << 20

  /// Compares the digests of all keys.
  ///
  /// Of several records with the same name, which no server writes, the last one counts.
  package init(
    _ before: consuming KeyDigests, _ after: consuming KeyDigests, _ options: ComparisonOptions
  ) throws(RDBError) {
    (self.before, self.after) = (before.totals, after.totals)
    let beforeRunCount = before.runs.count
    let runs = before.runs + after.runs
    var counts = Counts()
    let differing = try convertingSystemErrors { () throws(SystemError) in
      var merge = try RunMerge(runs, byteCount: Self.mergeByteCount)
      var differing = DifferingKeys(options, byteCount: Self.builderByteCount)
      // The last records of the current name.
      var (first, second): (KeyDigest?, KeyDigest?)
      while let entry = try merge.next() {
        let isBefore = merge.source < beforeRunCount
        if let name = (first ?? second)?.name, name != entry.name {
          try differing.compare(first, second, &counts)
          (first, second) = (nil, nil)
        }
        if isBefore {
          if first != nil { counts.repeated += 1 }
          first = entry
        } else {
          if second != nil { counts.repeated += 1 }
          second = entry
        }
      }
      try differing.compare(first, second, &counts)
      return try differing.finish()
    }
    (differingBefore, differingAfter) = differing
    self.counts = counts
  }
}

/// Collects the differing keys of both snapshots.
private struct DifferingKeys: ~Copyable {
  private var before: RunBuilder<DifferingKey>
  private var after: RunBuilder<DifferingKey>
  private let options: ComparisonOptions
  private static let afterPlace: UInt64 = 1 << 63

  init(_ options: ComparisonOptions, byteCount: Int) {
    self.options = options
    before = RunBuilder(memoryByteCount: byteCount, folder: options.folder)
    after = RunBuilder(memoryByteCount: byteCount, folder: options.folder)
  }

  /// Compares the records of one name.
  mutating func compare(
    _ first: KeyDigest?, _ second: KeyDigest?, _ counts: inout KeyMatches.Counts
  ) throws(SystemError) {
    if first?.isDamaged == true || second?.isDamaged == true {
      counts.notCompared += 1
      return
    }
    switch (first, second) {
    case (let first?, let second?):
      if first.value == second.value, options.areEqual(first.expiry, second.expiry) {
        counts.equal += 1
        return
      }
      counts.changed += 1
      let kind = first.value == second.value ? DifferingKey.Kind.expiry : .value
      try before.add(entry(first, at: first.offset, kind))
      try after.add(entry(second, at: first.offset, kind))
    case (let first?, nil):
      if let limit = options.expiredBy, let expiry = first.expiry, expiry.value <= limit.value {
        counts.expired += 1
        return
      }
      counts.removed += 1
      try before.add(entry(first, at: first.offset, .alone))
    case (nil, let second?):
      if options.ignoresAdded {
        counts.ignored += 1
        return
      }
      counts.added += 1
      try after.add(entry(second, at: second.offset | Self.afterPlace, .alone))
    case (nil, nil): break
    }
  }

  private func entry(_ digest: KeyDigest, at rank: UInt64, _ kind: DifferingKey.Kind) -> DifferingKey {
    DifferingKey(offset: digest.offset, rank: rank, byteCount: digest.byteCount, kind: kind)
  }

  consuming func finish() throws(SystemError) -> (SortedRuns<DifferingKey>, SortedRuns<DifferingKey>) {
    (try before.finish(keepsMemory: true), try after.finish(keepsMemory: true))
  }
}

/// A worker's position in the differing keys of a snapshot. Each worker reads keys in file order.
struct DifferingKeyCursor: ~Copyable {
  private var merge: RunMerge<DifferingKey>
  private var next: DifferingKey?

  init(_ runs: SortedRuns<DifferingKey>) throws(SystemError) {
    var merge = try RunMerge([runs], byteCount: 1 << 20)
    next = try merge.next()
    self.merge = merge
  }

  /// Returns the differing key whose record begins at an offset, which is larger than those asked for before.
  mutating func key(at offset: UInt64) throws(SystemError) -> DifferingKey? {
    while let key = next, key.offset < offset { next = try merge.next() }
    return next.flatMap { $0.offset == offset ? $0 : nil }
  }
}
