/// Integers as canonical decimal text, as Redis writes them.
@usableFromInline package enum DecimalText {
  /// The byte count of the longest text, `-9223372036854775808`.
  @inlinable package static var maximumByteCount: Int { 20 }

  /// Writes the text of `value` and returns its byte count.
  ///
  /// - Parameter destination: Memory with room for ``maximumByteCount`` bytes. The bytes after the text can change too.
  @inlinable
  package static func write(_ value: Int64, to destination: UnsafeMutableRawPointer) -> Int {
    if value >= 0 { return write(UInt64(bitPattern: value), to: destination) }
    destination.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
    return write(value.magnitude, to: destination + 1) &+ 1
  }

  /// Writes the text of `value` and returns its byte count.
  ///
  /// - Parameter destination: Memory with room for ``maximumByteCount`` bytes. The bytes after the text can change too.
  @inlinable
  package static func write(_ value: UInt64, to destination: UnsafeMutableRawPointer) -> Int {
    // Small numbers are the most frequent.
    if value < 10 {
      destination.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ value), as: UInt8.self)
      return 1
    }
    if value < 100 {
      storePair(value, at: destination)
      return 2
    }
    if value < 100_000_000 {
      let (text, count) = short(value)
      destination.storeBytes(of: text.littleEndian, as: UInt64.self)
      return count
    }
    return writeLarge(value, to: destination)
  }

  /// Returns the text of `value`, which is below 10⁸, with the first character in the lowest byte, and its byte count.
  @inlinable @inline(__always)
  package static func short(_ value: UInt64) -> (text: UInt64, byteCount: Int) {
    // Shifting out the leading zeros handles each length without a branch. Zero has one digit too.
    if value < 10_000 {
      let digits = fourDigits(value)
      let zeros = (digits | 1 &<< 24).trailingZeroBitCount &>> 3
      return ((digits | 0x3030_3030) &>> UInt64(truncatingIfNeeded: zeros &<< 3), 4 &- zeros)
    }
    let digits = eightDigits(value)
    let zeros = (digits | 1 &<< 56).trailingZeroBitCount &>> 3
    return ((digits | 0x3030_3030_3030_3030) &>> UInt64(truncatingIfNeeded: zeros &<< 3), 8 &- zeros)
  }

  @usableFromInline
  static func writeLarge(_ value: UInt64, to destination: UnsafeMutableRawPointer) -> Int {
    let high = value / 100_000_000
    let count = write(high, to: destination)
    let digits = eightDigits(value &- high &* 100_000_000) | 0x3030_3030_3030_3030
    destination.storeBytes(of: digits.littleEndian, toByteOffset: count, as: UInt64.self)
    return count &+ 8
  }

  /// The eight decimal digits of `value`, which is below 10⁸: one digit per byte, the first in the lowest byte.
  @inlinable @inline(__always)
  static func eightDigits(_ value: UInt64) -> UInt64 {
    let high = value / 10_000
    let fours = high | (value &- high &* 10_000) &<< 32
    let hundreds = ((fours &* 10_486) &>> 20) & 0x0000_007F_0000_007F
    let pairs = hundreds | (fours &- hundreds &* 100) &<< 16
    let tens = ((pairs &* 103) &>> 10) & 0x000F_000F_000F_000F
    return tens | (pairs &- tens &* 10) &<< 8
  }

  /// The four decimal digits of `value`, which is below 10,000: one digit per byte, the first in the lowest byte.
  @inlinable @inline(__always)
  static func fourDigits(_ value: UInt64) -> UInt64 {
    let hundreds = (value &* 10_486) &>> 20
    let pairs = hundreds | (value &- hundreds &* 100) &<< 16
    let tens = ((pairs &* 103) &>> 10) & 0x000F_000F
    return tens | (pairs &- tens &* 10) &<< 8
  }

  /// The number of decimal digits of `value`.
  @inlinable
  package static func digitCount(_ value: UInt64) -> Int {
    if value < 100 { return value < 10 ? 1 : 2 }
    return digitCountOfLarge(value)
  }

  @usableFromInline static func digitCountOfLarge(_ value: UInt64) -> Int {
    // 1233 / 4096 is just above log10(2): at most one too few.
    let guess = ((64 &- value.leadingZeroBitCount) &* 1233) &>> 12
    return guess &+ (value >= power(guess) ? 1 : 0)
  }

  /// 10 to the power of `exponent` (0–19).
  @inlinable @inline(__always)
  static func power(_ exponent: Int) -> UInt64 {
    switch exponent {
    case 0: 1
    case 1: 10
    case 2: 100
    case 3: 1_000
    case 4: 10_000
    case 5: 100_000
    case 6: 1_000_000
    case 7: 10_000_000
    case 8: 100_000_000
    case 9: 1_000_000_000
    case 10: 10_000_000_000
    case 11: 100_000_000_000
    case 12: 1_000_000_000_000
    case 13: 10_000_000_000_000
    case 14: 100_000_000_000_000
    case 15: 1_000_000_000_000_000
    case 16: 10_000_000_000_000_000
    case 17: 100_000_000_000_000_000
    case 18: 1_000_000_000_000_000_000
    default: 10_000_000_000_000_000_000
    }
  }

  /// Writes the two digits of `value`, which is below 100.
  @inlinable @inline(__always)
  static func storePair(_ value: UInt64, at destination: UnsafeMutableRawPointer) {
    let tens = (value &* 103) &>> 10
    let ones = value &- tens &* 10
    destination.storeBytes(
      of: UInt16(littleEndian: UInt16(truncatingIfNeeded: 0x3030 | tens | ones &<< 8)),
      as: UInt16.self)
  }

  /// Whether the text ends in a digit, as that of each integer does.
  @inlinable @inline(__always) package static func mayBeInteger(_ text: RawSpan) -> Bool {
    let count = text.byteCount
    return count > 0 && text.unsafeLoad(fromByteOffset: count - 1, as: UInt8.self) &- 48 <= 9
  }

  /// Returns the integer with the canonical text `text`, or `nil` for other text such as `007`, `-0`, `+1` and ` 1`.
  ///
  /// - Complexity: O(*n*) for *n* bytes; O(1) for more than 20 bytes.
  @usableFromInline package static func parseCanonical(_ text: RawSpan) -> Int64? {
    let count = text.byteCount
    guard count >= 1, count <= maximumByteCount else { return nil }
    let first = text.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    let isNegative = first == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    guard count > start else { return nil }
    let leading = text.unsafeLoad(fromByteOffset: start, as: UInt8.self)
    if leading == 48 { return count == 1 ? 0 : nil }
    var magnitude: UInt64 = 0
    for index in start..<count {
      let digit = text.unsafeLoad(fromByteOffset: index, as: UInt8.self) &- 48
      guard digit <= 9 else { return nil }
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      if overflow || carry { return nil }
      magnitude = sum
    }
    if isNegative {
      return magnitude <= Int64.min.magnitude ? Int64(bitPattern: 0 &- magnitude) : nil
    }
    return Int64(exactly: magnitude)
  }
}
