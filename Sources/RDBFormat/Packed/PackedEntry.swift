public import RDBSupport

/// An entry of a listpack or ziplist: bytes, or an integer in place of its decimal text.
@usableFromInline package struct PackedEntry: ~Escapable, BitwiseCopyable {
  /// The bytes of a string entry; empty for an integer.
  @usableFromInline package let bytes: RawSpan
  @usableFromInline package let integer: Int64
  @usableFromInline package let isInteger: Bool

  @inlinable @_lifetime(copy bytes)
  init(bytes: RawSpan) {
    self.bytes = bytes
    integer = 0
    isInteger = false
  }

  @inlinable @_lifetime(copy nothing)
  init(integer: Int64, nothing: RawSpan) {
    bytes = nothing
    self.integer = integer
    isInteger = true
  }

  /// The entry's bytes; an integer is written as text into `scratch` first.
  ///
  /// - Parameter scratch: Room for ``DecimalText/maximumByteCount`` bytes, untouched while the result
  ///   is in use.
  @inlinable @inline(__always) @_lifetime(copy self)
  package func text(scratch: UnsafeMutableRawPointer) -> RawSpan {
    guard isInteger else { return bytes }
    let count = DecimalText.write(integer, to: scratch)
    return _overrideLifetime(RawSpan(_unsafeStart: scratch, byteCount: count), copying: bytes)
  }
}
