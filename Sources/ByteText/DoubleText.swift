import CDoubleText

/// Scores as text.
public enum DoubleText {
  /// The longest text that ``write(_:to:)`` produces.
  @inlinable public static var maximumByteCount: Int { 32 }

  /// Writes the shortest decimal that reads back to the same double at `destination` (room for
  /// ``maximumByteCount`` bytes) and returns the byte count: `0.1`, `3`, `-0`, `1e+300`, `inf`, `-inf`, `nan`.
  ///
  /// Whole numbers below 2⁵³ are written as integers. Nothing is allocated.
  @inlinable
  public static func write(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    if let integer = Int64(exactly: value), integer.magnitude < 1 << 53,
      integer != 0 || value.sign == .plus
    {
      return DecimalText.write(integer, to: destination)
    }
    return writeFraction(value, to: destination)
  }

  @usableFromInline
  static func writeFraction(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    if let count = writeShortFraction(value, to: destination) { return count }
    if value.isNaN {
      // Never with a sign.
      destination.copyMemory(from: ("nan" as StaticString).utf8Start, byteCount: 3)
      return 3
    }
    return rdb_double_write(value, destination.assumingMemoryBound(to: CChar.self))
  }

  /// Writes a number of at most four decimals and fifteen digits, as most scores are.
  ///
  /// Whole numbers below 2⁵³ and small powers of ten are doubles, and one division of such is rounded
  /// as reading the text would be; text of fifteen digits or fewer belongs to one double only. So where
  /// the division gives `value`, the digits are the shortest.
  ///
  /// - Returns: `nil`: it is another number; nothing was written.
  private static func writeShortFraction(
    _ value: Double, to destination: UnsafeMutableRawPointer
  ) -> Int? {
    let magnitude = value.magnitude
    guard magnitude < 1e11, magnitude >= 1e-4 else { return nil }
    var scale = 10.0
    var decimals = 1
    while decimals <= 4 {
      let digits = (magnitude * scale).rounded()
      if digits / scale == magnitude { break }
      scale *= 10
      decimals += 1
    }
    guard decimals <= 4 else { return nil }
    let digits = UInt64((magnitude * scale).rounded())
    let divisor = UInt64(scale)
    var place = destination
    if value < 0 {
      place.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
      place += 1
    }
    place += DecimalText.write(digits / divisor, to: place)
    place.storeBytes(of: UInt8(ascii: "."), as: UInt8.self)
    var rest = digits % divisor
    for index in stride(from: decimals, to: 0, by: -1) {
      place.storeBytes(of: UInt8(48 + rest % 10), toByteOffset: index, as: UInt8.self)
      rest /= 10
    }
    return place + decimals + 1 - destination
  }

  /// The double that `text` says by the rules of C's `strtod` (whole text, no spaces); `nil`: none.
  public static func parse(_ text: RawSpan) -> Double? {
    if let short = parseShort(text) { return short }
    return text.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return nil }
      var value = 0.0
      if rdb_double_parse(start.assumingMemoryBound(to: CChar.self), bytes.count, &value) == 1 {
        return value
      }
      // A plus sign, hexadecimal, or beyond what a double holds.
      return Double(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// Reads at most fifteen digits with a point among them: one exact division says the double.
  ///
  /// - Returns: `nil`: something else stands here.
  private static func parseShort(_ text: RawSpan) -> Double? {
    let count = text.byteCount
    guard count >= 1, count <= 17 else { return nil }
    let isNegative = text.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == UInt8(ascii: "-")
    var digits: UInt64 = 0
    var digitCount = 0
    var scale = 1.0
    var hasPoint = false
    var index = isNegative ? 1 : 0
    while index < count {
      let byte = text.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      index &+= 1
      if byte &- 48 <= 9 {
        digits = digits &* 10 &+ UInt64(byte &- 48)
        digitCount &+= 1
        if hasPoint { scale *= 10 }
      } else if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else {
        return nil
      }
    }
    guard digitCount >= 1, digitCount <= 15 else { return nil }
    let value = Double(digits) / scale
    return isNegative ? -value : value
  }
}
