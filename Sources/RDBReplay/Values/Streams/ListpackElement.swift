import RDBSupport

/// The encoding of single listpack elements, in the smallest form, as servers write them. `Listpack` describes the forms.
enum ListpackElement {
  /// Appends bytes: as an integer, if they are the canonical text of one.
  static func append(_ bytes: [UInt8], to target: inout [UInt8]) {
    if let integer = DecimalText.parseCanonical(bytes.span.bytes) { return append(integer, to: &target) }
    let start = target.count
    switch bytes.count {
    case ..<64: target.append(0x80 | UInt8(bytes.count))
    case ..<4096:
      target.append(0xE0 | UInt8(bytes.count >> 8))
      target.append(UInt8(bytes.count & 255))
    default:
      target.append(0xF0)
      appendLittleEndian(Int64(bytes.count), 4, to: &target)
    }
    target += bytes
    end(start, &target)
  }

  static func append(_ integer: Int64, to target: inout [UInt8]) {
    let start = target.count
    switch integer {
    case 0...127: target.append(UInt8(integer))
    case -4096...4095:
      let bits = 0xC000 | UInt16(truncatingIfNeeded: integer) & 0x1FFF
      target.append(UInt8(bits >> 8))
      target.append(UInt8(bits & 255))
    case -0x8000...0x7FFF: append(0xF1, integer, 2, to: &target)
    case -0x80_0000...0x7F_FFFF: append(0xF2, integer, 3, to: &target)
    case -0x8000_0000...0x7FFF_FFFF: append(0xF3, integer, 4, to: &target)
    default: append(0xF4, integer, 8, to: &target)
    }
    end(start, &target)
  }

  private static func append(_ code: UInt8, _ integer: Int64, _ byteCount: Int, to target: inout [UInt8]) {
    target.append(code)
    appendLittleEndian(integer, byteCount, to: &target)
  }

  private static func appendLittleEndian(_ integer: Int64, _ byteCount: Int, to target: inout [UInt8]) {
    for index in 0..<byteCount { target.append(UInt8(truncatingIfNeeded: integer >> Int64(8 * index))) }
  }

  /// Appends the size of the element that begins at `start`: groups of 7 bits, with the highest bit set in all but the
  /// first.
  private static func end(_ start: Int, _ target: inout [UInt8]) {
    let size = target.count - start
    let width = size <= 127 ? 1 : size < 16_383 ? 2 : size < 2_097_151 ? 3 : size < 268_435_455 ? 4 : 5
    for index in 0..<width {
      let group = UInt8(truncatingIfNeeded: size >> (7 * (width - 1 - index))) & 0x7F
      target.append(index == 0 ? group : group | 0x80)
    }
  }
}
