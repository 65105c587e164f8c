public import RDBFormat

/// A key and its value, owned.
public struct SnapshotKey: Hashable, Sendable {
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
public enum SnapshotValue: Hashable, Sendable {
  /// A string.
  case string([UInt8])
  /// A list's elements, from its head.
  case list([[UInt8]])
  /// A set's members.
  case set([[UInt8]])
  /// A sorted set's members with their scores.
  case zset([ScoredMember])
  /// A hash's fields.
  case hash([HashField])
  /// A stream.
  case stream(SnapshotStream)
  /// An array's elements, and its insertion cursor where it has one.
  case array([ArrayElement], insertIndex: UInt64?)
  /// A module's value as stored, without the ID at its beginning.
  case module(ModuleID, stored: [UInt8])
  /// The caller asked for the header only.
  case notRead
  /// The value is larger than the limit of ``SnapshotKeys``.
  case tooLarge

  /// A member of a sorted set.
  public struct ScoredMember: Hashable, Sendable {
    /// The member.
    public var member: [UInt8]
    /// The score; never NaN.
    public var score: Double

    /// Creates a member.
    public init(member: [UInt8], score: Double) { (self.member, self.score) = (member, score) }
  }

  /// A field of a hash.
  public struct HashField: Hashable, Sendable {
    /// The field's name.
    public var field: [UInt8]
    /// The field's value.
    public var value: [UInt8]
    /// The time at which the field expires; `nil`: never.
    public var expiry: UnixMilliseconds?

    /// Creates a field.
    public init(field: [UInt8], value: [UInt8], expiry: UnixMilliseconds? = nil) {
      (self.field, self.value, self.expiry) = (field, value, expiry)
    }
  }

  /// An element of an array.
  public struct ArrayElement: Hashable, Sendable {
    /// The element's index in the array.
    public var index: UInt64
    /// The element.
    public var value: [UInt8]

    /// Creates an element.
    public init(index: UInt64, value: [UInt8]) { (self.index, self.value) = (index, value) }
  }
}
