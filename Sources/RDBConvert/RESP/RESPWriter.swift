public import RDB
import RDBFormat
import RDBSupport
import RESP

/// A writer of commands into a ``ByteOutput``, which counts them.
@usableFromInline
struct RESPWriter: ~Copyable {
  @usableFromInline var output: ByteOutput
  @usableFromInline var commandCount: UInt64 = 0

  /// Begins a command of `count` arguments, its name included.
  mutating func begin(_ count: Int) throws(RDBError) {
    commandCount += 1
    try output.reserve(RESPText.maximumHeaderByteCount)
    output.advance(
      by: RESPText.writeArrayHeader(count, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  /// Writes text known at compile time: whole bulk strings.
  mutating func text(_ text: StaticString) throws(RDBError) { try output.append(text) }

  /// Writes a name.
  mutating func name(_ name: borrowing RESPName) throws(RDBError) { try output.append(name.bulk) }

  /// Writes a name after an open gap.
  mutating func copied(_ name: borrowing RESPName) throws(RDBError) {
    try output.appendCopied(name.bulk)
  }

  /// Writes bytes after an open gap.
  mutating func copied(_ bytes: [UInt8]) throws(RDBError) {
    try output.appendCopied(bytes.span.bytes)
  }

  /// Writes a bulk string of any length. Long strings are not copied.
  @usableFromInline mutating func bulk(_ bytes: RawSpan) throws(RDBError) {
    if bytes.byteCount < ByteOutput.directThreshold {
      try output.reserve(bytes.byteCount + 32)
      output.advance(by: RESPText.writeBulk(bytes, to: output.spare.baseAddress.unsafelyUnwrapped))
    } else {
      try bulkHeader(UInt64(bytes.byteCount))
      try output.append(bytes)
      try output.append("\r\n")
    }
  }

  mutating func bulk(_ bytes: [UInt8]) throws(RDBError) { try bulk(bytes.span.bytes) }

  mutating func bulkHeader(_ byteCount: UInt64) throws(RDBError) {
    try output.reserve(RESPText.maximumHeaderByteCount)
    output.advance(
      by: RESPText.writeBulkHeader(byteCount, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  mutating func bulk(_ value: Int64) throws(RDBError) {
    try output.reserve(32)
    output.advance(by: RESPText.writeBulk(value, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  mutating func bulk(_ value: UInt64) throws(RDBError) {
    try output.reserve(32)
    output.advance(by: RESPText.writeBulk(value, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  mutating func bulk(_ id: StreamID) throws(RDBError) {
    try output.reserve(64)
    output.advance(by: Self.write(id, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  /// Writes `ms-seq` as a bulk string and returns its byte count. Needs room for 64 bytes.
  static func write(_ id: StreamID, to destination: UnsafeMutableRawPointer) -> Int {
    let count =
      DecimalText.digitCount(id.milliseconds) + DecimalText.digitCount(id.sequence) + 1
    var end = RESPText.writeBulkHeader(UInt64(count), to: destination)
    end += DecimalText.write(id.milliseconds, to: destination + end)
    destination.storeBytes(of: UInt8(ascii: "-"), toByteOffset: end, as: UInt8.self)
    end += 1
    end += DecimalText.write(id.sequence, to: destination + end)
    RESPText.writeLineEnd(to: destination + end)
    return end + 2
  }
}
