public import RDBFormat

/// A key and its value, owned.
public struct SnapshotKey: Equatable, Sendable {
  /// The key's name: bytes, not text.
  public var name: [UInt8]
  /// The number of the database.
  public var database: UInt64
  /// The layout of the value in the file.
  public var storedType: ValueType
  /// The time at which the key expires; `nil`: never.
  public var expiry: UnixMilliseconds?
  /// Seconds since the key was last used; written under an LRU policy.
  public var idleSeconds: UInt64?
  /// The LFU counter, 0–255; written under an LFU policy.
  public var frequency: UInt8?
  /// The value, or why it is missing.
  public var value: SnapshotValue

  /// Creates a key.
  public init(
    name: [UInt8], database: UInt64 = 0, storedType: ValueType, expiry: UnixMilliseconds? = nil,
    idleSeconds: UInt64? = nil, frequency: UInt8? = nil, value: SnapshotValue
  ) {
    self.name = name
    self.database = database
    self.storedType = storedType
    self.expiry = expiry
    self.idleSeconds = idleSeconds
    self.frequency = frequency
    self.value = value
  }

  /// The kind of data that the key holds.
  public var type: DataType { storedType.data }
}

/// A value, owned. Elements are in file order.
public enum SnapshotValue: Sendable {
  /// A string.
  case string([UInt8])
  /// A list's elements, from its head.
  case list([[UInt8]])
  /// A set's members.
  case set([[UInt8]])
  /// A sorted set's members with their scores, none of which is NaN.
  case zset([(member: [UInt8], score: Double)])
  /// A hash's fields with their values and the times at which they expire; `nil`: never.
  case hash([(field: [UInt8], value: [UInt8], expiry: UnixMilliseconds?)])
  /// A stream.
  // Stored apart, so that values of the other types stay small: a stream takes more than 160 bytes.
  indirect case stream(SnapshotStream)
  /// An array's elements with their indexes, and its insertion cursor where it has one.
  case array([(index: UInt64, value: [UInt8])], insertIndex: UInt64?)
  /// A path hash's paths with their fields and values.
  case pathHash([(path: [UInt8], fields: [(field: [UInt8], value: [UInt8])])])
  /// A module's value as stored, without the ID at its beginning.
  case module(ModuleID, stored: [UInt8])
  /// The caller asked for the header only.
  case notRead
  /// The value is larger than the limit of ``SnapshotKeys``.
  case tooLarge
}

extension SnapshotValue: Equatable {
  /// Whether both values have the same type and the same elements, in the same order.
  public static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.string(let a), .string(let b)): a == b
    case (.list(let a), .list(let b)), (.set(let a), .set(let b)): a == b
    case (.zset(let a), .zset(let b)): a.elementsEqual(b) { $0 == $1 }
    case (.hash(let a), .hash(let b)): a.elementsEqual(b) { $0 == $1 }
    case (.stream(let a), .stream(let b)): a == b
    case (.array(let a, let aIndex), .array(let b, let bIndex)):
      aIndex == bIndex && a.elementsEqual(b) { $0 == $1 }
    case (.pathHash(let a), .pathHash(let b)):
      a.elementsEqual(b) { $0.path == $1.path && $0.fields.elementsEqual($1.fields) { $0 == $1 } }
    case (.module(let a, let aStored), .module(let b, let bStored)): a == b && aStored == bStored
    case (.notRead, .notRead), (.tooLarge, .tooLarge): true
    case (.string, _), (.list, _), (.set, _), (.zset, _), (.hash, _), (.stream, _), (.array, _), (.pathHash, _),
      (.module, _), (.notRead, _), (.tooLarge, _):
      false
    }
  }
}
