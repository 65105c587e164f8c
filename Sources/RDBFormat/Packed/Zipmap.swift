public import RDBSupport

/// A walk over a zipmap, the small hash of Redis 2.4.
///
///     u8 pairs (254, 255: walk it)   pairs…   FF
///     pair: length field length u8-free value free-bytes
///     length: one byte 0–253, or FE + u32le; 255 as a field's length ends the map
///
/// Source: `zipmapValidateIntegrity` in Redis `src/zipmap.c`.
@usableFromInline package struct Zipmap: ~Escapable {
  @usableFromInline let bytes: RawSpan
  /// The file offset where the packed value begins, for errors.
  @usableFromInline let base: Int
  /// The index in the bytes of the next pair.
  @usableFromInline package var position = 1
  /// The number of pairs that the first byte claims; `nil`: too many for one byte.
  @usableFromInline package let claimedCount: Int?

  /// Whether the first byte is 0xFF, which no server writes.
  @usableFromInline package let hasLargeCount: Bool
  /// The index of the first length below 254 that takes five bytes, which no server writes; −1: none.
  @usableFromInline package var longLengthPosition = -1

  @inlinable @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, at base: Int) throws(RDBError) {
    self.bytes = bytes
    self.base = base
    guard bytes.byteCount >= 2 else { throw .zipmap(base, 0, "at least 2 bytes", "\(bytes.byteCount)") }
    let count = bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    claimedCount = count >= 254 ? nil : Int(count)
    hasLargeCount = count == 255
    let last = bytes.unsafeLoad(fromByteOffset: bytes.byteCount - 1, as: UInt8.self)
    guard last == 0xFF else { throw .zipmap(base, bytes.byteCount - 1, "the terminator 0xFF", hex(last)) }
  }

  @inlinable var end: Int { bytes.byteCount - 1 }

  /// Whether the next byte is the terminator.
  @inlinable package var isAtEnd: Bool {
    position >= end || bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self) == 0xFF
  }

  /// Reads the next field.
  @inlinable @_lifetime(copy self)
  package mutating func field() throws(RDBError) -> RawSpan {
    try take(try length())
  }

  /// Reads the value of the field just read, and steps over its free bytes.
  @inlinable @_lifetime(copy self)
  package mutating func value() throws(RDBError) -> RawSpan {
    let count = try length()
    guard position < end else { throw .zipmap(base, position, "the count of free bytes", "the end") }
    let free = Int(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self))
    position += 1
    let value = try take(count)
    _ = try take(free)
    return value
  }

  @inlinable mutating func length() throws(RDBError) -> Int {
    guard position < end else { throw .zipmap(base, position, "a length", "the end") }
    let first = bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    guard first != 0xFF else { throw .zipmap(base, position, "a length", "0xFF") }
    guard first == 0xFE else {
      position += 1
      return Int(first)
    }
    guard end - position >= 5 else { throw .zipmap(base, position, "a 32-bit length", "the end") }
    let count = UInt32(
      littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position + 1, as: UInt32.self))
    if count < 254, longLengthPosition < 0 { longLengthPosition = position }
    position += 5
    return Int(count)
  }

  @inlinable @_lifetime(copy self)
  mutating func take(_ count: Int) throws(RDBError) -> RawSpan {
    guard count <= end - position else {
      throw .zipmap(base, position, "\(count) bytes", "\(end - position)")
    }
    let start = position
    position += count
    return bytes.extracting(uncheckedFrom: start, byteCount: position - start)
  }

  /// Checks at the end that all bytes were read and that the header has the right count.
  @usableFromInline package func finish(count: Int) throws(RDBError) {
    guard position == end else { throw .zipmap(base, position, "the end", "more bytes") }
    guard count > 0 else { throw .zipmap(base, 0, "at least one pair", "none") }
    if let claimedCount, claimedCount != count {
      throw .zipmap(base, 0, "a count of \(count)", "\(claimedCount)")
    }
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func zipmap(
    _ base: Int, _ offset: Int, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String
  ) -> RDBError {
    RDBError(.corruptZipmap, at: base, inner: offset, expected: expected(), found: found())
  }
}
