import RDB
import RDBFormat
import RDBSupport

/// A copy of borrowed bytes, in memory that is reused for the next copy.
@usableFromInline
struct HeldBytes: ~Copyable {
  @usableFromInline var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 8)
  private var count = 0

  init() {}

  @inlinable deinit { buffer.deallocate() }

  mutating func removeAll() { count = 0 }

  /// Replaces the bytes by a copy of `bytes`.
  mutating func hold(_ bytes: RawSpan) {
    reserve(bytes.byteCount)
    bytes.withUnsafeBytes { source in
      if !source.isEmpty { buffer.copyMemory(from: source) }
    }
    count = bytes.byteCount
  }

  /// Replaces the bytes by a number as text.
  mutating func hold(decimal number: UInt64) {
    count = buffer.baseAddress.map { DecimalText.write(number, to: $0) } ?? 0
  }

  /// Replaces the bytes by a stream ID as text.
  mutating func hold(_ id: StreamID) {
    hold(decimal: id.milliseconds)
    buffer[count] = UInt8(ascii: "-")
    count += 1
    count += buffer.baseAddress.map { DecimalText.write(id.sequence, to: $0 + count) } ?? 0
  }

  private mutating func reserve(_ byteCount: Int) {
    // Long values are rare: free their memory with the next value.
    guard byteCount > buffer.count || buffer.count > 1 << 20 else { return }
    buffer.deallocate()
    buffer = .allocate(byteCount: max(256, byteCount), alignment: 8)
  }

  /// The bytes. Valid until the next call of a mutating method.
  var span: RawSpan {
    @_lifetime(borrow self)
    get {
      _overrideLifetime(
        RawSpan(_unsafeStart: UnsafeRawPointer(buffer.baseAddress!), byteCount: count), borrowing: self)
    }
  }
}
