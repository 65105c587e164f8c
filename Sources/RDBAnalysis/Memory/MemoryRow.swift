public import RDB
public import RDBFormat

/// What a key takes, in memory and in the file.
public struct MemoryRow: ~Escapable {
  public let name: RawSpan
  public let database: UInt64
  /// How the value is laid out in the file.
  public let storedType: ValueType
  /// How the server holds it once it has loaded it; `nil`: a module's value.
  public let encoding: ObjectEncoding?
  /// The estimate of `MEMORY USAGE … SAMPLES 0`; `nil`: a module's value.
  public let memoryByteCount: UInt64?
  /// Bytes of the value as stored, without type byte and name.
  public let serializedByteCount: UInt64
  /// The same with nothing compressed; of elements stored one by one, without their lengths.
  public let plainByteCount: UInt64
  /// Elements, members, fields, stream entries; of a string or module 1.
  public let elementCount: UInt64
  /// Bytes of the largest element (of a hash: value; of a stream: entry), and its name: a member, a
  /// field, an index or ID as text; empty for strings.
  public let largestElementByteCount: UInt64
  public let largestElement: RawSpan
  public let expiry: UnixMilliseconds?
  public let idleSeconds: UInt64?
  public let frequency: UInt8?
  /// Where the key's record begins in the file.
  public let offset: Int
  /// A collection that only just missed its compact form.
  public let nearMiss: NearMiss?
  /// Of a string's stored bytes, if its receiver wanted that.
  public let valueHash: UInt64?

  @_lifetime(copy name, copy largestElement)
  init(
    name: RawSpan, largestElement: RawSpan, facts: KeyFacts, serializedByteCount: UInt64
  ) {
    self.name = name
    self.largestElement = largestElement
    database = facts.database
    storedType = facts.storedType
    encoding = facts.encoding
    memoryByteCount = facts.memoryByteCount
    nearMiss = facts.nearMiss
    self.serializedByteCount = serializedByteCount
    plainByteCount = facts.plainByteCount > 0 ? facts.plainByteCount : serializedByteCount
    elementCount = facts.elementCount
    largestElementByteCount = facts.largest
    expiry = facts.expiry
    idleSeconds = facts.idleSeconds
    frequency = facts.frequency
    offset = facts.offset
    valueHash = facts.valueHash
  }

  /// What kind of data the key holds.
  public var type: DataType { storedType.data }
  /// As redis-cli counts for `--bigkeys`: bytes of a string, else elements.
  public var length: UInt64 { storedType == .string ? largestElementByteCount : elementCount }
}

/// What a ``KeyMeter`` keeps of a key while its value passes.
struct KeyFacts {
  var database: UInt64 = 0
  var storedType = ValueType.string
  var expiry: UnixMilliseconds?
  var idleSeconds: UInt64?
  var frequency: UInt8?
  var offset = 0
  var elementCount: UInt64 = 0
  var largest: UInt64 = 0
  var plainByteCount: UInt64 = 0
  var valueHash: UInt64?
  var encoding: ObjectEncoding?
  var memoryByteCount: UInt64?
  var nearMiss: NearMiss?
}

/// Why a collection is not in its compact form, and what it would take there.
public struct NearMiss: Hashable, Sendable, BitwiseCopyable {
  /// The limit that it is above: of elements, or of bytes of one of them.
  public enum Limit: Int, Hashable, Sendable, BitwiseCopyable, CaseIterable { case elements, bytes }
  public var limit: Limit
  /// What the limit would have to be.
  public var needed: UInt64
  /// The estimate for the compact form.
  public var compactByteCount: UInt64
}
