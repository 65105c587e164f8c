/// A forward reader over borrowed bytes of an RDB file.
///
/// Every length from the file is compared with the remaining bytes before it is used. If too few bytes remain, the error
/// is `truncated`; a caller that gets more bytes repeats the step with them.
@usableFromInline package struct ByteCursor: ~Escapable {
  @usableFromInline package let bytes: RawSpan
  @usableFromInline let base: Int
  /// The index in ``bytes`` of the next unread byte; never outside of them.
  @usableFromInline package var position = 0

  /// Starts at the first of `bytes`, which lies `base` bytes into the file.
  @inlinable @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, base: Int = 0) { (self.bytes, self.base) = (bytes, base) }

  /// The file offset, in bytes, of the next unread byte.
  @inlinable package var offset: Int { base + position }

  /// The number of unread bytes.
  @inlinable package var remaining: Int { bytes.byteCount - position }

  /// Borrows the next `byteCount` bytes and steps over them.
  ///
  /// - Parameter byteCount: A length from the file, not yet trusted.
  /// - Throws: ``RDBError`` (`truncated`), at the offset where the bytes should have begun.
  /// - Complexity: O(1). Nothing is copied.
  @inlinable @inline(__always) @_lifetime(copy self)
  package mutating func take(_ byteCount: UInt64) throws(RDBError) -> RawSpan {
    let remaining = bytes.byteCount - position
    guard byteCount <= UInt64(remaining) else {
      throw .needsInput(at: offset, expected: byteCount, found: remaining)
    }
    let start = position
    position = start &+ Int(byteCount)
    return bytes.extracting(unchecked: Range(uncheckedBounds: (start, position)))
  }

  /// Reads one byte.
  @inlinable @inline(__always) package mutating func byte() throws(RDBError) -> UInt8 {
    let start = position
    guard start < bytes.byteCount else { throw .needsInput(at: offset, expected: 1, found: 0) }
    position = start &+ 1
    return bytes.unsafeLoad(fromUncheckedByteOffset: start, as: UInt8.self)
  }

  /// Reads a fixed-width integer, its first byte the lowest.
  @inlinable @inline(__always) package mutating func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type
  ) throws(RDBError) -> T {
    T(littleEndian: try fixedWidth(T.self))
  }

  /// Reads a fixed-width integer, its first byte the highest.
  @inlinable @inline(__always) package mutating func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type
  ) throws(RDBError) -> T {
    T(bigEndian: try fixedWidth(T.self))
  }

  @inlinable @inline(__always) mutating func fixedWidth<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type
  ) throws(RDBError) -> T {
    let size = MemoryLayout<T>.size
    let start = position
    guard size <= bytes.byteCount &- start else {
      throw .needsInput(at: offset, expected: UInt64(size), found: remaining)
    }
    position = start &+ size
    return bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: T.self)
  }

  /// Reads a stream ID as stored: two big-endian integers.
  @inlinable package mutating func streamID() throws(RDBError) -> StreamID {
    let start = position
    guard 16 <= bytes.byteCount &- start else {
      throw .needsInput(at: offset, expected: 16, found: remaining)
    }
    let milliseconds = try bigEndian(UInt64.self)
    return StreamID(milliseconds, try bigEndian(UInt64.self))
  }
}

extension RawSpan {
  /// Returns the `byteCount` bytes from `start` on, without a check.
  ///
  /// The caller has compared both with the size of the span, which is not empty.
  @inlinable @inline(__always) @_lifetime(copy self)
  func extracting(uncheckedFrom start: Int, byteCount: Int) -> RawSpan {
    // `extracting(unchecked:)` still compares the bounds with each other.
    let first = withUnsafeBytes { $0.baseAddress.unsafelyUnwrapped + start }
    return _overrideLifetime(RawSpan(_unsafeStart: first, byteCount: byteCount), copying: self)
  }
}

extension RDBError {
  /// The error of a file that ends too early: `expected` bytes should begin at `offset`, but only `found` do.
  @inline(never)
  @usableFromInline package static func truncated(at offset: Int, expected: UInt64, found: Int) -> RDBError {
    RDBError(truncatedAt: offset, expected: expected, found: found, needsInput: false)
  }

  /// The error of an input that ends too early: `expected` bytes should begin at `offset`, but only `found` do.
  ///
  /// Differs from ``truncated(at:expected:found:)`` only in ``needsInput``.
  @inline(never)
  @usableFromInline package static func needsInput(at offset: Int, expected: UInt64, found: Int) -> RDBError {
    RDBError(truncatedAt: offset, expected: expected, found: found, needsInput: true)
  }
}
