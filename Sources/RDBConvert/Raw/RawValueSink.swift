import RDB
import RDBFormat
import RDBSupport

/// A sink that writes values unchanged, for other programs.
///
/// A string is written without a newline. In other values each part ends with a newline, as `redis-cli --raw` writes them:
/// an element; a field and its value; a member and its score; the ID, fields and values of a stream entry; a
/// path with its fields and values. Bytes are not
/// escaped, so a newline in a part looks like its end.
///
/// If only one element arrives, the sink writes only its value, without a newline: the value of a field, the score of a
/// member.
package struct RawValueSink: SelectiveSink, OutputSink, ~Copyable {
  private var output: ByteOutput
  private var ledger = Ledger()
  private var groups: UInt64 = 0
  private let isOneElement: Bool

  /// Creates a sink.
  ///
  /// - Parameter isOneElement: Whether only one element arrives, chosen by its name.
  package init(isOneElement: Bool = false, to destination: any ByteDestination) {
    self.isOneElement = isOneElement
    output = ByteOutput(to: destination)
  }

  package static var events: SinkEvents {
    [
      .string, .listElement, .setMember, .zsetMember, .hashField, .arrayElement, .beginPath, .pathField, .moduleItem,
      .beginStreamEntry, .streamField, .streamGroup, .endKey,
    ]
  }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    ledger.keysRead &+= 1
    return .elements
  }

  package mutating func endKey(_ end: KeyEnd) throws(RDBError) { ledger.keysWritten &+= 1 }

  @inline(__always)
  private mutating func line(_ bytes: RawSpan) throws(RDBError) {
    try output.append(bytes)
    try output.append(UInt8(ascii: "\n"))
  }

  private mutating func append(_ score: Double) throws(RDBError) {
    try output.reserve(64)
    output.advance(by: DoubleText.write(score, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  package mutating func string(_ value: RawSpan) throws(RDBError) { try output.append(value) }
  package mutating func listElement(_ element: RawSpan) throws(RDBError) { try line(element) }
  package mutating func setMember(_ member: RawSpan) throws(RDBError) {
    if isOneElement { try output.append(member) } else { try line(member) }
  }

  package mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    if isOneElement { return try append(score) }
    try line(member)
    try append(score)
    try output.append(UInt8(ascii: "\n"))
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws(RDBError) {
    if isOneElement { return try output.append(value) }
    try line(field)
    try line(value)
  }

  package mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    if isOneElement { return try output.append(value) }
    try output.reserve(64)
    output.appendUnchecked(index)
    output.appendUnchecked(UInt8(ascii: "\n"))
    try line(value)
  }

  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    if !isOneElement { try line(path) }
  }

  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    try line(field)
    try line(value)
  }

  package mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    try output.reserve(64)
    switch item.kind {
    case .signed(let value): output.appendUnchecked(value)
    case .unsigned(let value): output.appendUnchecked(value)
    case .float(let value): try append(Double(value))
    case .double(let value): try append(value)
    case .string: try output.append(item.bytes)
    }
    try output.append(UInt8(ascii: "\n"))
  }

  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    if isOneElement { return }
    try output.reserve(128)
    output.appendUnchecked(id.milliseconds)
    output.appendUnchecked(UInt8(ascii: "-"))
    output.appendUnchecked(id.sequence)
    output.appendUnchecked(UInt8(ascii: "\n"))
  }

  package mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    try line(field)
    try line(value)
  }

  package mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) { groups &+= 1 }

  package mutating func endBatch() throws(RDBError) { try output.flush() }

  /// Ends the sink, and returns the keys read and written, and notes of omitted data.
  package consuming func finish() throws(RDBError) -> Ledger {
    try output.flush()
    if groups > 0 { ledger.note("consumer groups, which JSON has", count: groups) }
    return ledger
  }
}
