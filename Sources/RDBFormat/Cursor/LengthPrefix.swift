import RDBSupport

/// A length prefix, or the mark of a specially encoded string.
///
///     00llllll                     6-bit length
///     01llllll llllllll            14-bit length, big-endian
///     10000000 + 4 bytes           32-bit length, big-endian
///     10000001 + 8 bytes           64-bit length, big-endian, from RDB 8 on
///     11eeeeee                     no length: a string in encoding e follows
///
/// Source: `rdbLoadLenByRef` in Redis `src/rdb.c`.
@usableFromInline package enum LengthPrefix: Hashable, Sendable {
  case length(UInt64)
  case encoding(UInt8)
}

/// The start of a string: how its bytes are stored.
///
///     length + bytes               raw
///     C0 i8 · C1 i16le · C2 i32le  the decimal text of an integer
///     C3 length length + bytes     LZF: compressed size, original size
///
/// Source: `rdbGenericLoadStringObject` in Redis `src/rdb.c`.
@usableFromInline package enum StringHeader: Hashable, Sendable {
  case raw(UInt64)
  case integer(Int64)
  case lzf(compressed: UInt64, original: UInt64)
}

extension ByteCursor {
  /// Reads a string whose length has 6 or 14 bits.
  ///
  /// Most strings are stored so. All other cases, truncation included, are left to ``stringHeader()``.
  ///
  /// - Returns: The string; `nil` if the string is stored in another way. Nothing is consumed then.
  @inlinable @inline(__always) @_lifetime(copy self)
  package mutating func takeShortString() -> RawSpan? {
    let start = position
    let left = bytes.byteCount &- start
    guard left > 1 else { return nil }
    let first = Int(bytes.unsafeLoad(fromUncheckedByteOffset: start, as: UInt8.self))
    if first < 0x40 {
      guard first < left else { return nil }
      position = start &+ 1 &+ first
      return bytes.extracting(uncheckedFrom: start &+ 1, byteCount: first)
    }
    guard first < 0x80 else { return nil }
    let second = Int(bytes.unsafeLoad(fromUncheckedByteOffset: start &+ 1, as: UInt8.self))
    let count = (first &- 0x40) &<< 8 | second
    guard count < left &- 1 else { return nil }
    position = start &+ 2 &+ count
    return bytes.extracting(uncheckedFrom: start &+ 2, byteCount: count)
  }

  /// Reads a length prefix.
  ///
  /// - Throws: ``RDBError`` (`badLength`) for `0x82...0xBF`, or `truncated`.
  @inlinable package mutating func lengthPrefix() throws(RDBError) -> LengthPrefix {
    let start = offset
    let first = try byte()
    switch first {
    case 0b00_000000...0b00_111111: return .length(UInt64(first))
    case 0b01_000000...0b01_111111:
      return .length(UInt64(first & 0x3F) << 8 | UInt64(try byte()))
    case 0b10_000000: return .length(UInt64(try bigEndian(UInt32.self)))
    case 0b10_000001: return .length(try bigEndian(UInt64.self))
    case 0b11_000000...0b11_111111: return .encoding(first & 0x3F)
    default: throw .badLength(at: start, found: first)
    }
  }

  /// Reads a plain number: a length, a count, an ID.
  ///
  /// - Throws: ``RDBError`` (`badLength`) for the mark of a specially encoded string.
  @inlinable package mutating func length() throws(RDBError) -> UInt64 {
    let start = offset
    switch try lengthPrefix() {
    case .length(let value): return value
    case .encoding(let code): throw .badLength(at: start, found: 0xC0 | code)
    }
  }

  /// Reads the start of a string, up to its first stored byte.
  ///
  /// - Throws: ``RDBError`` (`badString`) for an unknown encoding.
  @inlinable package mutating func stringHeader() throws(RDBError) -> StringHeader {
    let start = offset
    switch try lengthPrefix() {
    case .length(let byteCount): return .raw(byteCount)
    case .encoding(0): return .integer(Int64(try littleEndian(Int8.self)))
    case .encoding(1): return .integer(Int64(try littleEndian(Int16.self)))
    case .encoding(2): return .integer(Int64(try littleEndian(Int32.self)))
    case .encoding(3):
      let compressed = try length()
      return .lzf(compressed: compressed, original: try length())
    case .encoding(let code): throw .badString(at: start, found: 0xC0 | code)
    }
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func badLength(at offset: Int, found: UInt8) -> RDBError {
    RDBError(.badLength, at: offset, expected: "a length prefix", found: hex(found))
  }

  @inline(never)
  @usableFromInline static func badString(at offset: Int, found: UInt8) -> RDBError {
    RDBError(.badString, at: offset, expected: "a string encoding 0–3", found: hex(found))
  }
}
