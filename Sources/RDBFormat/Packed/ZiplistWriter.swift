import RDBSupport

/// A builder of a ziplist, the packed form before listpacks. ``Ziplist`` describes the layout.
///
/// Source: `__ziplistInsert`, `zipTryEncoding` in Redis `src/ziplist.c`.
package struct ZiplistWriter: PackedWriter, ~Copyable {
  private var buffer: ByteBuffer
  package private(set) var count = 0
  /// The start of the last entry, then its size.
  private var last = 10
  private var lastSize = 0
  private let usesSmallIntegers: Bool

  /// - Parameters:
  ///   - capacity: The initial size of the buffer, in bytes.
  ///   - version: The RDB version of the file. Versions before 6 have only integers of 2, 4 and 8 bytes.
  package init(capacity: Int = 4096, version: Int = 9) {
    buffer = ByteBuffer(capacity: capacity)
    buffer.advance(by: 10)
    usesSmallIntegers = version >= 6
  }

  package var byteCount: Int { buffer.count + 1 }

  package mutating func removeAll() {
    buffer.removeAll()
    buffer.advance(by: 10)
    (count, last, lastSize) = (0, 10, 0)
  }

  package mutating func append(_ bytes: RawSpan) {
    if let integer = packedInteger(bytes, atMost: 31) { append(integer) } else { appendString(bytes) }
  }

  package mutating func appendString(_ bytes: RawSpan) {
    let length = bytes.byteCount
    let start = beginEntry(length + 5)
    if length < 64 {
      buffer.append(UInt8(truncatingIfNeeded: length))
    } else if length < 16_384 {
      buffer.append(0x40 | UInt8(truncatingIfNeeded: length >> 8))
      buffer.append(UInt8(truncatingIfNeeded: length))
    } else {
      buffer.append(0x80)
      buffer.append(littleEndian: UInt32(truncatingIfNeeded: length).byteSwapped)
    }
    buffer.append(bytes)
    endEntry(start)
  }

  package mutating func append(_ integer: Int64) {
    let start = beginEntry(9)
    switch integer {
    case 0...12 where usesSmallIntegers: buffer.append(0xF1 + UInt8(truncatingIfNeeded: integer))
    case -0x80...0x7F where usesSmallIntegers: appendInteger(0xFE, integer, byteCount: 1)
    case -0x8000...0x7FFF: appendInteger(0xC0, integer, byteCount: 2)
    case -0x80_0000...0x7F_FFFF where usesSmallIntegers: appendInteger(0xF0, integer, byteCount: 3)
    case -0x8000_0000...0x7FFF_FFFF: appendInteger(0xD0, integer, byteCount: 4)
    default: appendInteger(0xE0, integer, byteCount: 8)
    }
    endEntry(start)
  }

  private mutating func appendInteger(_ code: UInt8, _ integer: Int64, byteCount: Int) {
    buffer.append(code)
    buffer.reserve(8)
    buffer.end.storeBytes(of: integer.littleEndian, as: Int64.self)
    buffer.advance(by: byteCount)
  }

  /// Writes the size of the previous entry, and returns the start of the new one.
  private mutating func beginEntry(_ byteCount: Int) -> Int {
    let start = buffer.count
    buffer.reserve(byteCount + 5)
    if lastSize < 254 {
      buffer.append(UInt8(truncatingIfNeeded: lastSize))
    } else {
      buffer.append(0xFE)
      buffer.append(littleEndian: UInt32(truncatingIfNeeded: lastSize))
    }
    return start
  }

  private mutating func endEntry(_ start: Int) {
    last = start
    lastSize = buffer.count - start
    count += 1
  }

  @_lifetime(&self)
  package mutating func finished() throws(RDBError) -> RawSpan {
    guard let total = UInt32(exactly: byteCount) else { throw .packedTooLarge("ziplist", byteCount) }
    buffer.reserve(1)
    buffer.end.storeBytes(of: 0xFF, as: UInt8.self)
    buffer.base.storeBytes(of: total.littleEndian, as: UInt32.self)
    buffer.base.storeBytes(
      of: UInt32(truncatingIfNeeded: last).littleEndian, toByteOffset: 4, as: UInt32.self)
    buffer.base.storeBytes(
      of: UInt16(clamping: count).littleEndian, toByteOffset: 8, as: UInt16.self)
    return _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(buffer.base), byteCount: byteCount), mutating: &self)
  }
}
