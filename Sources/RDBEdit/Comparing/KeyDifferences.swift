import RDB
import RDBFormat
import RDBSupport

/// A part of a key, with the number of the log that has its strings.
struct LocatedPart {
  var record: PartRecord
  var log: Int
}

/// The differences of two snapshots, key by key: the result of the second pass over both.
///
/// Removed and changed keys come first, in the order of the first snapshot; added keys follow in the order of the second.
package struct KeyDifferences: ~Copyable {
  private var merge: RunMerge<PartRecord>
  private let logs: [CompleteNameLog]
  /// The number of logs of the first snapshot.
  private let beforeCount: Int
  private let options: ComparisonOptions
  private var next: LocatedPart?

  private static let mergeByteCount = 32 << 20

  package init(_ before: KeyParts, _ after: KeyParts, _ options: ComparisonOptions) throws(RDBError) {
    let parts = before.parts + after.parts
    logs = parts.map(\.strings)
    beforeCount = before.parts.count
    self.options = options
    let runs = parts.map(\.runs)
    var merge = try convertingSystemErrors { () throws(SystemError) in
      try RunMerge(runs, byteCount: Self.mergeByteCount)
    }
    next = try convertingSystemErrors { () throws(SystemError) in try Self.next(of: &merge) }
    self.merge = merge
  }

  private static func next(of merge: inout RunMerge<PartRecord>) throws(SystemError) -> LocatedPart? {
    guard let record = try merge.next() else { return nil }
    return LocatedPart(record: record, log: merge.source)
  }

  /// Returns the next key that differs; `nil` after the last.
  package mutating func nextKey() throws(RDBError) -> KeyDifference? {
    do throws(SystemError) {
      guard let first = next else { return nil }
      let rank = first.record.rank
      var changes = PartChanges(limit: options.changeLimit)
      var (before, after): (LocatedPart?, LocatedPart?)
      while let part = next, part.record.rank == rank {
        let isBefore = part.log < beforeCount
        if part.record.kind == .key {
          if isBefore { before = part } else { after = part }
        } else {
          changes.add(part, isBefore: isBefore)
        }
        next = try Self.next(of: &merge)
      }
      changes.finish()
      return try difference(before, after, changes)
    } catch {
      throw RDBError(error)
    }
  }

  private func difference(
    _ before: LocatedPart?, _ after: LocatedPart?, _ changes: PartChanges
  ) throws(SystemError) -> KeyDifference? {
    let strings = PartStrings(logs)
    guard let key = before ?? after else { return nil }
    let name = try strings.key(key)
    var difference = KeyDifference(database: name.database, name: name.name)
    difference.before = try before.map { part throws(SystemError) in try strings.key(part).side }
    difference.after = try after.map { part throws(SystemError) in try strings.key(part).side }
    // The parts of two types have nothing in common.
    if let before = difference.before, let after = difference.after, before.type == after.type {
      difference.counts = changes.counts
      difference.changes = try changes.first.map { change throws(SystemError) in
        try strings.change(change.before, change.after)
      }
    }
    return difference
  }
}

/// Collects the changes inside one key: the first of them, and the counts of all.
struct PartChanges {
  struct Change {
    var before: LocatedPart?
    var after: LocatedPart?
    /// The order in a report: by kind, then in the order of the first snapshot, then of what only the second has.
    var rank: (UInt64, UInt64)
  }

  private let limit: Int
  private var held: [Change] = []
  private(set) var counts: [PartKind: ChangeCounts] = [:]
  private var list = ListComparison()
  private var listCount: UInt64 = 0
  // The last records of the current part.
  private var (before, after): (LocatedPart?, LocatedPart?)

  init(limit: Int) { self.limit = limit }

  /// The first changes.
  var first: [Change] { held }

  /// Adds the next part in the order of kinds and names.
  mutating func add(_ part: LocatedPart, isBefore: Bool) {
    if let current = before ?? after, !current.record.isSamePart(as: part.record) { comparePart() }
    if part.record.kind == .element {
      var found: [(LocatedPart?, LocatedPart?)] = []
      list.add(.init(content: part.record.content, record: part), isBefore: isBefore) { found.append(($0, $1)) }
      for (before, after) in found { addElement(before, after) }
    } else if isBefore {
      before = part
    } else {
      after = part
    }
  }

  /// Ends the key.
  mutating func finish() {
    comparePart()
    var found: [(LocatedPart?, LocatedPart?)] = []
    list.finish { found.append(($0, $1)) }
    for (before, after) in found { addElement(before, after) }
    cut()
  }

  private mutating func comparePart() {
    defer { (before, after) = (nil, nil) }
    guard let part = before ?? after else { return }
    if let before, let after, before.record.content == after.record.content { return }
    let order = before.map(\.record.ordinal) ?? part.record.ordinal | 1 << 63
    hold(before, after, (UInt64(part.record.kind.rawValue), order))
  }

  private mutating func addElement(_ before: LocatedPart?, _ after: LocatedPart?) {
    listCount += 1
    hold(before, after, (UInt64(PartKind.element.rawValue), listCount))
  }

  private mutating func hold(_ before: LocatedPart?, _ after: LocatedPart?, _ rank: (UInt64, UInt64)) {
    guard let part = before ?? after else { return }
    counts[part.record.kind, default: ChangeCounts()].add(
      before == nil ? .added : after == nil ? .removed : .changed)
    held.append(Change(before: before, after: after, rank: rank))
    if held.count > 2 * limit + 64 { cut() }
  }

  /// Keeps the first changes.
  private mutating func cut() {
    held.sort { $0.rank < $1.rank }
    if held.count > limit { held.removeLast(held.count - limit) }
  }
}
