import RDB
import RDBSupport

/// The positions of the keys that do not stay, which workers read in file order.
///
/// The inputs must be read one after another, in the order of their indexes.
package final class DroppedKeys {
  private static let bufferByteCount = 256 << 10

  private let runs: SortedRuns<DroppedKey>
  private let lock = Lock()
  /// The cursors that no worker uses at the moment. None of them is after the first key of the next input.
  private var idle: [DroppedKeyCursor] = []

  init(_ runs: SortedRuns<DroppedKey>) { self.runs = runs }

  /// Returns a cursor for one worker.
  func take() throws(SystemError) -> DroppedKeyCursor {
    lock.lock()
    defer { lock.unlock() }
    if let cursor = idle.popLast() { return cursor }
    return try DroppedKeyCursor(runs, byteCount: Self.bufferByteCount)
  }

  func giveBack(_ cursor: DroppedKeyCursor) {
    lock.lock()
    idle.append(cursor)
    lock.unlock()
  }
}

/// A position in ``DroppedKeys``, which only moves forward.
final class DroppedKeyCursor {
  private var merge: RunMerge<DroppedKey>
  private var next: RecordPosition?

  init(_ runs: SortedRuns<DroppedKey>, byteCount: Int) throws(SystemError) {
    merge = try RunMerge([runs], byteCount: byteCount)
    next = try merge.next()?.position
  }

  /// Whether the key at a position is one of those that do not stay.
  ///
  /// - Parameter position: A position after that of the last call.
  func moves(to position: RecordPosition) throws(SystemError) -> Bool {
    while let current = next, current < position { next = try merge.next()?.position }
    return next == position
  }
}

/// A sink around a sink that leaves out the keys of ``DroppedKeys``.
package struct DroppingSink<Base: OutputSink & ~Copyable>: ForwardingSink, OutputSink, ~Copyable {
  package var base: Base
  private let input: Int
  private let dropped: DroppedKeys?
  private let cursor: DroppedKeyCursor?
  private let renamer: RenamingSink<Base>.Renamer?
  private var isDropped = false
  private var ledger = Ledger()

  /// - Parameters:
  ///   - dropped: The keys to leave out; `nil`: none.
  ///   - input: The index of the input.
  ///   - renamer: Gives a key that is left out the name that it shares with another, for the ledger.
  ///   - base: The sink that receives the other keys.
  package init(
    _ dropped: DroppedKeys?, input: Int, renamer: RenamingSink<Base>.Renamer? = nil, base: consuming Base
  ) throws {
    self.base = base
    self.renamer = renamer
    self.input = input
    self.dropped = dropped
    cursor = try convertingSystemErrors { () throws(SystemError) in try dropped?.take() }
  }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    guard let cursor else { return try base.beginKey(key) }
    let position = RecordPosition(input: input, offset: key.offset)
    isDropped = try convertingSystemErrors { () throws(SystemError) in try cursor.moves(to: position) }
    if !isDropped { return try base.beginKey(key) }
    ledger.keysRead += 1
    ledger.keysFiltered += 1
    var newName: [UInt8] = []
    let isRenamed = try renamer?(key.name, &newName) ?? false
    ledger.note(
      "keys left out because another key has their name", key: [UInt8](key.name), newName: isRenamed ? newName : nil,
      offset: key.offset)
    return .skip
  }

  package mutating func endKey(_ end: KeyEnd) throws {
    if !isDropped { try base.endKey(end) }
  }

  /// Passes the field on, unless it stores an expiry of a member of a key that was left out.
  package mutating func aux(_ field: borrowing AuxField) throws {
    if isDropped, field.isMemberExpiry { return }
    try base.aux(field)
  }

  package mutating func endBatch() throws { try base.endBatch() }
  package mutating func endEarly() throws { try base.endEarly() }

  package consuming func finish() throws -> DroppingSummary<Base.Summary> {
    if let cursor { dropped?.giveBack(cursor) }
    let ledger = ledger
    return DroppingSummary(base: try base.finish(), ledger: ledger)
  }
}

/// The summary of a ``DroppingSink``.
package struct DroppingSummary<Base: MergeableSummary>: MergeableSummary {
  /// The summary of the base sink.
  package var base: Base
  /// Counts the keys that were left out as read and filtered, and notes them.
  package var ledger: Ledger

  package mutating func merge(_ other: Self) {
    base.merge(other.base)
    ledger.merge(other.ledger)
  }
}
