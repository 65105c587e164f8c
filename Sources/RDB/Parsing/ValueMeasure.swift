public import RDBFormat
import RDBSupport

/// What the lengths in a value tell, without its elements being decoded.
public struct ValueMeasure: Hashable, Sendable {
  @usableFromInline var count: UInt64 = 0
  /// Nodes of a quicklist or a stream, else 1.
  public internal(set) var nodeCount: UInt64 = 1
  /// Bytes, decompressed, of a string, of a packed value, or of a quicklist's only node; else 0.
  public internal(set) var blobByteCount: UInt64 = 0
  @usableFromInline var knowsCount = false
  /// A quicklist of one node that is a single large element, not packed.
  public internal(set) var isPlainNode = false
  /// A string that is the canonical text of a signed 64-bit integer.
  public internal(set) var isInteger = false

  @inlinable init() {}

  /// Of a string that stands in the file as it is.
  @usableFromInline init(ofString value: RawSpan) {
    blobByteCount = UInt64(value.byteCount)
    isInteger =
      value.byteCount <= DecimalText.maximumByteCount && DecimalText.parseCanonical(value) != nil
  }

  /// Elements, where their number stands before them. Of a value that was validated: always.
  @inlinable public var elementCount: UInt64? { knowsCount ? count : nil }
}

extension RDBParser {
  /// Notes what the string at `cursor`, not yet stepped over, says of its length.
  @usableFromInline
  mutating func measureString(_ cursor: ByteCursor) throws(RDBError) {
    var ahead = cursor
    switch try ahead.stringHeader() {
    case .raw(let byteCount):
      state.value.measure.blobByteCount = byteCount
      if case .string = state.value.type.layout.content, byteCount <= UInt64(DecimalText.maximumByteCount) {
        state.value.measure.isInteger = DecimalText.parseCanonical(try ahead.take(byteCount)) != nil
      }
    case .integer(let value):
      state.value.measure.isInteger = true
      state.value.measure.blobByteCount =
        UInt64(DecimalText.digitCount(value.magnitude)) + (value < 0 ? 1 : 0)
    case .lzf(_, let original):
      state.value.measure.blobByteCount = original
    }
  }

  @inlinable mutating func noteCount(_ count: UInt64) {
    state.value.measure.count = count
    state.value.measure.knowsCount = true
  }
}

/// Counts the elements of a value that is walked only to be checked.
@usableFromInline
struct ElementCounter: SelectiveSink {
  @usableFromInline var count: UInt64 = 0
  @inlinable init() {}

  @usableFromInline static var events: SinkEvents {
    [.listElement, .setMember, .zsetMember, .hashField, .arrayElement, .beginStreamEntry]
  }

  @inlinable mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .skip }
  @inlinable mutating func listElement(_ element: RawSpan) throws(RDBError) { count &+= 1 }
  @inlinable mutating func setMember(_ member: RawSpan) throws(RDBError) { count &+= 1 }
  @inlinable mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) { count &+= 1 }
  @inlinable mutating func hashField(
    _ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?
  ) throws(RDBError) { count &+= 1 }
  @inlinable mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) { count &+= 1 }
  @inlinable mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    count &+= 1
  }
}
