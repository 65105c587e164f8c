import RDB
import RDBFormat

/// The size of one key, in the memory of a server and in the file.
///
/// The spans are borrowed: they are valid only during the call that receives the key.
@usableFromInline package struct MeasuredKey: ~Escapable {
  /// The name of the key.
  package let name: RawSpan
  /// The database of the key.
  package let database: UInt64
  /// The value type in the file.
  package let storedType: ValueType
  /// The encoding in a server that has just loaded the key; `nil` for a module's value.
  package let encoding: ObjectEncoding?
  /// The estimated result of `MEMORY USAGE … SAMPLES 0`, in bytes; `nil` for a module's value.
  package let memoryByteCount: UInt64?
  /// The size of the value as stored, in bytes, without type byte and name.
  package let serializedByteCount: UInt64
  /// The size of the value without compression, in bytes; without lengths if elements are stored one by one.
  package let plainByteCount: UInt64
  /// The number of elements, members, fields or stream entries; 1 for a string or a module's value.
  package let elementCount: UInt64
  /// The size of the largest element, in bytes: of a hash, the largest value; of a stream, the largest entry.
  package let largestElementByteCount: UInt64
  /// The name of the largest element: a member, a field, or an index or ID as text; empty for strings.
  package let largestElement: RawSpan
  /// The expiry of the key.
  package let expiry: UnixMilliseconds?
  /// The LRU idle time, in seconds.
  package let idleSeconds: UInt64?
  /// The LFU access frequency, 0–255.
  package let frequency: UInt8?
  /// The offset of the key's record in the file, in bytes.
  package let offset: Int
  /// The single limit of the compact form that the collection exceeds, if it reaches at most twice the limit; otherwise
  /// `nil`.
  package let nearMiss: NearMiss?
  /// The hash of a string's stored bytes, if the receiver asked for it.
  package let valueHash: UInt64?

  @_lifetime(copy name, copy largestElement)
  init(
    name: RawSpan, largestElement: RawSpan, measurements: KeyMeasurements, serializedByteCount: UInt64
  ) {
    self.name = name
    self.largestElement = largestElement
    database = measurements.database
    storedType = measurements.storedType
    encoding = measurements.encoding
    memoryByteCount = measurements.memoryByteCount
    nearMiss = measurements.nearMiss
    self.serializedByteCount = serializedByteCount
    plainByteCount = measurements.plainByteCount > 0 ? measurements.plainByteCount : serializedByteCount
    elementCount = measurements.elementCount
    largestElementByteCount = measurements.largest
    expiry = measurements.expiry
    idleSeconds = measurements.idleSeconds
    frequency = measurements.frequency
    offset = measurements.offset
    valueHash = measurements.valueHash
  }

  /// The data type of the key.
  package var type: DataType { storedType.data }
  /// The length as `redis-cli --bigkeys` counts it: bytes of a string, else elements.
  package var length: UInt64 { storedType == .string ? largestElementByteCount : elementCount }
}

/// The measurements of the current key of a ``KeyMeter``.
struct KeyMeasurements {
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

/// A collection that exceeds one limit of the compact form, and reaches at most twice the limit.
package struct NearMiss: Hashable, Sendable, BitwiseCopyable {
  /// The kind of limit: the number of elements, or the size of one element.
  package enum Limit: Int, Hashable, Sendable, BitwiseCopyable, CaseIterable { case elements, bytes }
  package var limit: Limit
  /// The smallest limit that would allow the compact form.
  package var needed: UInt64
  /// The estimated memory in the compact form, in bytes.
  package var compactByteCount: UInt64
  /// Whether the compact form is a listpack; before Redis 7.0 it is a ziplist, and the directives are named after it.
  package var isListpack: Bool
}
