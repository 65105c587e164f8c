import RDB
import RDBFormat

/// A key in which two snapshots differ.
package struct KeyDifference: Sendable {
  /// What happened between the first snapshot and the second.
  package enum Kind: String, Hashable, Sendable {
    case added, removed, changed
  }

  /// A key of one snapshot.
  package struct Side: Hashable, Sendable {
    package var type: DataType
    /// `nil` also if expiries are left out.
    package var expiry: UnixMilliseconds?
    /// The bytes of the value's data.
    package var byteCount: UInt64
    /// The KEY_META record as stored; empty: none.
    package var metadata: [UInt8]
  }

  package var database: UInt64
  package var name: [UInt8]
  /// The key of the first snapshot; `nil`: the key was added.
  package var before: Side?
  /// The key of the second snapshot; `nil`: the key was removed.
  package var after: Side?
  /// What changed inside the value, in the order of parts; at most as many changes as asked for.
  package var changes: [PartChange] = []
  /// The counts of all changes inside the value.
  package var counts: [PartKind: ChangeCounts] = [:]

  package var kind: Kind { before == nil ? .added : after == nil ? .removed : .changed }
  /// The number of changes that are not in ``changes``.
  package var omittedCount: UInt64 { counts.values.reduce(0) { $0 + $1.total } - UInt64(changes.count) }
}

/// The number of changed parts of one kind.
package struct ChangeCounts: Hashable, Sendable {
  package var added: UInt64 = 0
  package var removed: UInt64 = 0
  package var changed: UInt64 = 0

  package init() {}

  package var total: UInt64 { added + removed + changed }

  mutating func add(_ kind: KeyDifference.Kind) {
    switch kind {
    case .added: added += 1
    case .removed: removed += 1
    case .changed: changed += 1
    }
  }
}

/// A change of a part of a key.
package struct PartChange: Hashable, Sendable {
  /// A part in one snapshot.
  package struct Side: Hashable, Sendable {
    /// The beginning of the value, of at most ``PartChange/shownByteCount`` bytes.
    package var value: [UInt8]
    /// The size of the whole value, in bytes.
    package var byteCount: UInt64
    /// The score of a member of a sorted set, as the bits of a double; the expiry of a field; the bytes of a module's data.
    package var number: UInt64?
    /// The number of the part in its key, counted from 0.
    package var index: UInt64
  }

  /// The most bytes of a name or value that a change has.
  package static let shownByteCount = 64 << 10

  package var part: PartKind
  package var kind: KeyDifference.Kind
  /// The group, producer or path that the part belongs to; `nil`: it belongs to none.
  package var container: [UInt8]?
  /// The beginning of the part's name, of at most ``shownByteCount`` bytes; empty for a value or element.
  package var name: [UInt8]
  package var nameByteCount: UInt64
  package var before: Side?
  package var after: Side?
  /// Of a changed value, the number of bytes before the first that differs.
  package var commonByteCount: UInt64?
}
