import RDB
import RDBFormat

/// A value of the replayed keyspace.
package enum ReplayedValue {
  /// A string. `isRaw`: a command changed it in place, after which a server no longer keeps it as an integer or embedded.
  case string([UInt8], isRaw: Bool)
  case list(ReplayedList)
  case set(ReplayedSet)
  case zset(ReplayedSortedSet)
  case hash(ReplayedHash)
  case stream(ReplayedStream)
  /// A value as it is stored in a snapshot: no command has used it yet, or its type cannot be decoded.
  case stored(StoredValue)

  /// The kind of data.
  package var type: DataType {
    switch self {
    case .string: .string
    case .list: .list
    case .set: .set
    case .zset: .zset
    case .hash: .hash
    case .stream: .stream
    case .stored(let value): value.type.data
    }
  }

  /// Memory in use, in bytes, roughly.
  package var byteCount: Int {
    switch self {
    case .string(let bytes, _): bytes.count + 32
    case .list(let list): list.byteCount
    case .set(let set): set.byteCount
    case .zset(let zset): zset.byteCount
    case .hash(let hash): hash.byteCount
    case .stream(let stream): stream.byteCount
    case .stored(let value): value.payload.count + 64
    }
  }

  /// A copy that later changes of this value do not reach.
  package func copied() -> ReplayedValue {
    switch self {
    case .string, .stored: self
    case .list(let list): .list(list.copied())
    case .set(let set): .set(set.copied())
    case .zset(let zset): .zset(zset.copied())
    case .hash(let hash): .hash(hash.copied())
    case .stream(let stream): .stream(stream.copied())
    }
  }
}

/// A value that commands change in place. It is a class, so that a command changes the value that the keyspace holds.
package protocol ReplayedCollection: AnyObject {
  /// Whether the last element was removed: the server then deletes the key (not for streams).
  var isEmpty: Bool { get }
  /// Memory in use, in bytes, roughly; O(1).
  var byteCount: Int { get }
  /// A copy that later changes of this value do not reach.
  func copied() -> Self
  /// Writes the key as a server of `limits.server` would save it.
  ///
  /// - Throws: ``RDBError``.
  func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws
}
