import RDBSupport

/// Sizes of packed values, in bytes, by which servers decide whether an element fits.
enum PackedSize {
  /// The header and the end mark of a listpack.
  static let listpackOverhead = 7
  /// The header and the end mark of a ziplist.
  static let ziplistOverhead = 11

  /// The size of a listpack's entry for an element.
  static func listpackEntry(_ element: [UInt8]) -> Int {
    let size: Int
    if let integer = canonicalInteger(element) {
      size =
        switch integer {
        case 0...127: 1
        case -4096...4095: 2
        case -0x8000...0x7FFF: 3
        case -0x80_0000...0x7F_FFFF: 4
        case -0x8000_0000...0x7FFF_FFFF: 5
        default: 9
        }
    } else {
      size = element.count + (element.count < 64 ? 1 : element.count < 4096 ? 2 : 5)
    }
    return size + (size <= 127 ? 1 : size < 16_383 ? 2 : size < 2_097_151 ? 3 : size < 268_435_455 ? 4 : 5)
  }

  /// The size of a ziplist's entry for an element, with the bytes that the next entry needs for it.
  static func ziplistEntry(_ element: [UInt8]) -> Int {
    let size: Int
    if let integer = canonicalInteger(element) {
      size =
        switch integer {
        case 0...12: 1
        case -0x80...0x7F: 2
        case -0x8000...0x7FFF: 3
        case -0x80_0000...0x7F_FFFF: 4
        case -0x8000_0000...0x7FFF_FFFF: 5
        default: 9
        }
    } else {
      size = element.count + (element.count < 64 ? 1 : element.count < 16_384 ? 2 : 5)
    }
    return size + (size < 253 ? 1 : 5)
  }
}

/// Memory of a byte string apart from its bytes, in bytes, roughly.
let byteStringOverhead = 40

/// The integer whose canonical decimal text the bytes are, as packed values and intsets store it.
func canonicalInteger(_ bytes: [UInt8]) -> Int64? { DecimalText.parseCanonical(bytes.span.bytes) }
