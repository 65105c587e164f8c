import RDB
import RDBFormat
import RDBSupport

/// A copy of borrowed bytes, in memory that is reused for the next copy.
@usableFromInline
struct HeldBytes: ~Copyable {
  private var buffer = ByteBuffer(capacity: 256)

  init() {}

  mutating func removeAll() { buffer.removeAll() }

  /// Replaces the bytes by a copy of `bytes`.
  mutating func hold(_ bytes: RawSpan) {
    begin()
    buffer.append(bytes)
  }

  /// Replaces the bytes by a number as text.
  mutating func hold(decimal number: UInt64) {
    begin()
    append(decimal: number)
  }

  /// Replaces the bytes by a stream ID as text.
  mutating func hold(_ id: StreamID) {
    begin()
    append(decimal: id.milliseconds)
    buffer.append(UInt8(ascii: "-"))
    append(decimal: id.sequence)
  }

  private mutating func append(decimal number: UInt64) {
    buffer.reserve(DecimalText.maximumByteCount)
    buffer.advance(by: DecimalText.write(number, to: buffer.end))
  }

  private mutating func begin() {
    // Long values are rare: their memory is freed with the next value.
    if buffer.capacity > 1 << 20 { buffer = ByteBuffer(capacity: 256) }
    buffer.removeAll()
  }

  /// The bytes. Valid until the next call of a mutating method.
  var span: RawSpan {
    @_lifetime(borrow self)
    get { buffer.bytes }
  }
}
