public import RDBFormat
import RDBSupport

/// The size of a value as its lengths tell it, without decoding its elements.
@usableFromInline package struct ValueMeasure: Hashable, Sendable {
  @usableFromInline var count: UInt64 = 0
  /// The number of nodes of a quicklist or a stream; of other values 1.
  @usableFromInline package internal(set) var nodeCount: UInt64 = 1
  /// The size of a string, of a packed value or of a quicklist's only node, in bytes, decompressed; of others 0.
  @usableFromInline package internal(set) var blobByteCount: UInt64 = 0
  @usableFromInline var knowsCount = false
  /// Whether the value is a quicklist of one node that is one large element.
  @usableFromInline package internal(set) var isPlainNode = false
  /// Whether the value is a string that is the canonical text of a signed 64-bit integer.
  @usableFromInline package internal(set) var isInteger = false

  @inlinable init() {}

  /// Measures a string that is stored uncompressed.
  @usableFromInline init(ofString value: RawSpan) {
    blobByteCount = UInt64(value.byteCount)
    isInteger =
      value.byteCount <= DecimalText.maximumByteCount && DecimalText.parseCanonical(value) != nil
  }

  /// The number of elements, if the value begins with it or was validated; else `nil`.
  @inlinable package var elementCount: UInt64? { knowsCount ? count : nil }
}

extension RDBParser {
  /// Measures the next string without consuming it.
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

/// A sink that counts the elements of a value that is decoded only to be checked.
@usableFromInline
struct ElementCounter: SelectiveSink {
  @usableFromInline var count: UInt64 = 0
  /// The findings, for the sink that asked for the check; `nil`: none.
  @usableFromInline var findings: [Finding]?
  @inlinable init() {}

  /// Whether no finding says that a server refuses the value, in a file or from RESTORE.
  var everyServerLoads: Bool { findings?.allSatisfy { $0.kind.row.isRestorable } ?? true }

  @inlinable static var events: SinkEvents {
    [.listElement, .setMember, .zsetMember, .hashField, .arrayElement, .beginPath, .beginStreamEntry, .finding]
  }

  @inlinable mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .skip }
  @inlinable mutating func listElement(_ element: RawSpan) throws(RDBError) { count &+= 1 }
  @inlinable mutating func setMember(_ member: RawSpan) throws(RDBError) { count &+= 1 }
  @inlinable mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) { count &+= 1 }
  @inlinable mutating func hashField(
    _ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?
  ) throws(RDBError) { count &+= 1 }
  @inlinable mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) { count &+= 1 }
  @inlinable mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) { count &+= 1 }
  @inlinable mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    count &+= 1
  }
  /// Keeps the finding; of many findings of one kind, the first ones and the number.
  @usableFromInline mutating func finding(_ finding: borrowing Finding) throws(RDBError) {
    var kept = findings ?? []
    let kind = finding.kind
    if kept.count >= 16, let index = kept.lastIndex(where: { $0.kind == kind }) {
      kept[index].count &+= finding.count
    } else {
      kept.append(copy finding)
    }
    findings = kept
  }
}
