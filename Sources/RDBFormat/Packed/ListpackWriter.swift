import RDBSupport

/// A builder of a listpack. ``Listpack`` describes the layout.
///
/// Integers and lengths take their smallest form, as servers write them. Source: `lpInsert`,
/// `lpEncodeIntegerGetType` in Redis `src/listpack.c`.
package struct ListpackWriter: PackedWriter, ~Copyable {
  private var buffer: ByteBuffer
  package private(set) var count = 0

  /// - Parameter capacity: The initial size of the buffer, in bytes.
  package init(capacity: Int = 4096) {
    buffer = ByteBuffer(capacity: capacity)
    buffer.advance(by: 6)
  }

  package var byteCount: Int { buffer.count + 1 }

  package mutating func removeAll() {
    buffer.removeAll()
    buffer.advance(by: 6)
    count = 0
  }

  package mutating func append(_ bytes: RawSpan) {
    if let integer = packedInteger(bytes, atMost: 20) { append(integer) } else { appendString(bytes) }
  }

  package mutating func appendString(_ bytes: RawSpan) {
    let length = bytes.byteCount
    buffer.reserve(length + 10)
    let target = buffer.end
    let header: Int
    if length < 64 {
      target.storeBytes(of: 0x80 | UInt8(truncatingIfNeeded: length), as: UInt8.self)
      header = 1
    } else if length < 4096 {
      target.storeBytes(of: (0xE000 | UInt16(truncatingIfNeeded: length)).bigEndian, as: UInt16.self)
      header = 2
    } else {
      target.storeBytes(of: 0xF0, as: UInt8.self)
      target.storeBytes(
        of: UInt32(truncatingIfNeeded: length).littleEndian, toByteOffset: 1, as: UInt32.self)
      header = 5
    }
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress {
        (target + header).copyMemory(from: start, byteCount: source.count)
      }
    }
    endEntry(header &+ length)
  }

  package mutating func append(_ integer: Int64) {
    buffer.reserve(10)
    let target = buffer.end
    switch integer {
    case 0...127:
      target.storeBytes(of: UInt8(truncatingIfNeeded: integer), as: UInt8.self)
      endEntry(1)
    case -4096...4095:
      let bits = 0xC000 | UInt16(truncatingIfNeeded: integer) & 0x1FFF
      target.storeBytes(of: bits.bigEndian, as: UInt16.self)
      endEntry(2)
    case -0x8000...0x7FFF: endInteger(0xF1, integer, byteCount: 2)
    case -0x80_0000...0x7F_FFFF: endInteger(0xF2, integer, byteCount: 3)
    case -0x8000_0000...0x7FFF_FFFF: endInteger(0xF3, integer, byteCount: 4)
    default: endInteger(0xF4, integer, byteCount: 8)
    }
  }

  /// Appends all entries of another listpack.
  package mutating func append(allOf other: borrowing ListpackWriter) {
    buffer.append(RawSpan(_unsafeStart: UnsafeRawPointer(other.buffer.base) + 6, byteCount: other.buffer.count - 6))
    count += other.count
  }

  private mutating func endInteger(_ code: UInt8, _ integer: Int64, byteCount: Int) {
    let target = buffer.end
    target.storeBytes(of: code, as: UInt8.self)
    target.storeBytes(of: integer.littleEndian, toByteOffset: 1, as: Int64.self)
    endEntry(1 &+ byteCount)
  }

  /// Writes the backlen of the entry of `size` bytes at the end of the buffer, and counts both.
  private mutating func endEntry(_ size: Int) {
    let target = buffer.end + size
    let width: Int
    if size <= 127 {
      target.storeBytes(of: UInt8(truncatingIfNeeded: size), as: UInt8.self)
      width = 1
    } else {
      width = size < 16_383 ? 2 : size < 2_097_151 ? 3 : size < 268_435_455 ? 4 : 5
      for index in 0..<width {
        let group = UInt8(truncatingIfNeeded: size >> (7 * (width - 1 - index))) & 0x7F
        target.storeBytes(of: index == 0 ? group : group | 0x80, toByteOffset: index, as: UInt8.self)
      }
    }
    buffer.advance(by: size &+ width)
    count &+= 1
  }

  @_lifetime(&self)
  package mutating func finished() throws(RDBError) -> RawSpan {
    guard let total = UInt32(exactly: byteCount) else { throw .packedTooLarge("listpack", byteCount) }
    buffer.reserve(1)
    buffer.end.storeBytes(of: 0xFF, as: UInt8.self)
    buffer.base.storeBytes(of: total.littleEndian, as: UInt32.self)
    buffer.base.storeBytes(
      of: UInt16(clamping: count).littleEndian, toByteOffset: 4, as: UInt16.self)
    return _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(buffer.base), byteCount: byteCount), mutating: &self)
  }
}
