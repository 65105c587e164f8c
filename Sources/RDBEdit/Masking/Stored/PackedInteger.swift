import RDBFormat
import RDBSupport

/// Entries of listpacks and ziplists, as bytes.
enum PackedInteger {
  /// Replaces an integer by another one that the same encoding holds.
  ///
  /// - Parameters:
  ///   - start: The index of the entry.
  ///   - value: The packed value before the change.
  ///   - target: A copy of the packed value.
  static func write(
    _ integer: Int64, at start: Int, _ kind: PackedValue.Kind, _ value: RawSpan, _ target: UnsafeMutableRawPointer
  ) {
    let first = value.unsafeLoad(fromByteOffset: start, as: UInt8.self)
    if kind == .listpack {
      switch first {
      case 0x00...0x7F: target.storeBytes(of: UInt8(truncatingIfNeeded: integer), toByteOffset: start, as: UInt8.self)
      case 0xC0...0xDF:
        let bits = 0xC000 | UInt16(truncatingIfNeeded: integer) & 0x1FFF
        target.storeBytes(of: bits.bigEndian, toByteOffset: start, as: UInt16.self)
      default: store(integer, [2, 3, 4, 8][Int(first &- 0xF1) & 3], target + start + 1)
      }
      return
    }
    let position = start + (first == 254 ? 5 : 1)
    switch value.unsafeLoad(fromByteOffset: position, as: UInt8.self) {
    case 0xC0: store(integer, 2, target + position + 1)
    case 0xD0: store(integer, 4, target + position + 1)
    case 0xE0: store(integer, 8, target + position + 1)
    case 0xF0: store(integer, 3, target + position + 1)
    case 0xFE: store(integer, 1, target + position + 1)
    default: target.storeBytes(of: 0xF1 &+ UInt8(truncatingIfNeeded: integer), toByteOffset: position, as: UInt8.self)
    }
  }

  private static func store(_ integer: Int64, _ byteCount: Int, _ target: UnsafeMutableRawPointer) {
    for index in 0..<byteCount {
      target.storeBytes(
        of: UInt8(truncatingIfNeeded: integer >> Int64(8 * index)), toByteOffset: index, as: UInt8.self)
    }
  }

  /// Appends an entry of another packed value.
  ///
  /// - Parameter previous: The size of the entry before, which a ziplist stores.
  /// - Returns: The size of the entry.
  static func appendEntry(
    _ value: UnsafeRawBufferPointer, _ entry: Range<Int>, _ kind: PackedValue.Kind, _ previous: Int,
    _ target: inout ByteBuffer
  ) -> Int {
    let start = target.count
    var body = entry.lowerBound
    if kind == .ziplist {
      body += value[body] == 254 ? 5 : 1
      if previous < 254 {
        target.append(UInt8(truncatingIfNeeded: previous))
      } else {
        target.append(0xFE)
        target.append(littleEndian: UInt32(truncatingIfNeeded: previous))
      }
    }
    target.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: value[body..<entry.upperBound])))
    return target.count - start
  }

  /// Writes the size of a packed value, and of a ziplist the offset of its last entry.
  static func finish(_ kind: PackedValue.Kind, total: Int, last: Int, _ target: UnsafeMutableRawPointer) {
    target.storeBytes(of: UInt32(truncatingIfNeeded: total).littleEndian, as: UInt32.self)
    if kind == .ziplist {
      target.storeBytes(of: UInt32(truncatingIfNeeded: last).littleEndian, toByteOffset: 4, as: UInt32.self)
    }
  }
}
