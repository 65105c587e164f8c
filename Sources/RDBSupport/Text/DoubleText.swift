import CSupport

/// Doubles as text, as servers write scores.
@usableFromInline package enum DoubleText {
  /// The byte count to reserve for a text.
  @inlinable package static var maximumByteCount: Int { 32 }

  /// Writes the shortest decimal that reads back as the same double, and returns its byte count.
  ///
  /// Examples: `0.1`, `3`, `-0`, `1e+300`, `inf`, `-inf`, `nan`. Whole numbers below 2⁵³ are written as integers.
  ///
  /// - Parameter destination: Memory with room for ``maximumByteCount`` bytes.
  /// - Complexity: O(1). Allocates nothing.
  @inlinable
  package static func write(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    if value.magnitude < 9_007_199_254_740_992 {
      let integer = Int64(value)
      if Double(integer) == value, integer != 0 || value.sign == .plus {
        return DecimalText.write(integer, to: destination)
      }
    }
    return writeFraction(value, to: destination)
  }

  /// Writes `value` with 17 significant digits as C's `%.17g`, and returns the byte count.
  ///
  /// Examples: `0.10000000000000001`, `3`, `1e+300`. Servers before 7.2 store scores in packed values in this form.
  ///
  /// - Parameter destination: Memory with room for ``maximumByteCount`` bytes.
  /// - Complexity: O(1). Allocates nothing.
  @usableFromInline package static func writeLong(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    rdb_double_write_long(value, destination.assumingMemoryBound(to: CChar.self))
  }

  @usableFromInline
  static func writeFraction(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    if let count = writeShortFraction(value, to: destination) { return count }
    if value.isNaN {
      // A NaN is written without its sign.
      destination.copyMemory(from: ("nan" as StaticString).utf8Start, byteCount: 3)
      return 3
    }
    return rdb_double_write(value, destination.assumingMemoryBound(to: CChar.self))
  }

  /// Writes a number of at most four decimals and fifteen digits, the most frequent scores.
  ///
  /// Whole numbers below 2⁵³ and small powers of ten are exact doubles, so one division of them rounds like reading the
  /// text. A text of at most fifteen digits belongs to only one double. So if the division gives `value`, the digits are
  /// the shortest.
  ///
  /// - Returns: The byte count, or `nil` for other numbers, which are not written.
  private static func writeShortFraction(
    _ value: Double, to destination: UnsafeMutableRawPointer
  ) -> Int? {
    let magnitude = value.magnitude
    guard magnitude < 1e11, magnitude >= 1e-4 else { return nil }
    let digits = Int64(magnitude * 10_000 + 0.5)
    guard Double(digits) / 10_000 == magnitude else { return nil }
    let whole = UInt64(digits) / 10_000
    let fraction = UInt64(digits) &- whole &* 10_000
    var end = destination
    if value < 0 {
      end.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
      end += 1
    }
    end += DecimalText.write(whole, to: end)
    end.storeBytes(of: UInt8(ascii: "."), as: UInt8.self)
    // Four decimals without the zeros at the end.
    let high = fraction / 100
    let low = fraction &- high &* 100
    let decimals = low == 0 ? (high % 10 == 0 ? 1 : 2) : (low % 10 == 0 ? 3 : 4)
    if decimals == 1 {
      end.storeBytes(of: UInt8(48 + high / 10), toByteOffset: 1, as: UInt8.self)
    } else {
      DecimalText.storePair(high, at: end + 1)
    }
    if decimals == 3 {
      end.storeBytes(of: UInt8(48 + low / 10), toByteOffset: 3, as: UInt8.self)
    } else if decimals == 4 {
      DecimalText.storePair(low, at: end + 3)
    }
    return end + decimals + 1 - destination
  }

  /// Returns the double that C's `strtod` reads from the whole of `text`, or `nil` if it is not a number or has spaces.
  @usableFromInline package static func parse(_ text: RawSpan) -> Double? { read(text)?.value }

  /// Returns the double of ``parse(_:)``, and whether `text` is known to be the text that ``write(_:to:)`` writes for it.
  ///
  /// `isCanonical` can be `false` for such a text, but is never `true` for another text.
  @inlinable
  package static func read(_ text: RawSpan) -> (value: Double, isCanonical: Bool)? {
    if let short = readEight(text) ?? readShort(text) { return short }
    return readLong(text).map { ($0, false) }
  }

  /// Whether ``read(_:)`` reads a number from `text` that is not NaN.
  @inlinable @inline(__always)
  package static func isNumber(_ text: RawSpan) -> Bool {
    let count = text.byteCount
    if count >= 4, count <= 8 {
      // Digits with at most one point, the most frequent numbers: all characters at once, the last one in the highest
      // byte.
      let low = UInt64(UInt32(littleEndian: text.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self)))
      let high = UInt64(
        UInt32(littleEndian: text.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 4, as: UInt32.self)))
      let word = low &<< UInt64(truncatingIfNeeded: 64 &- count &<< 3) | high &<< 32
      let used = ~(0 as UInt64) &<< UInt64(truncatingIfNeeded: 64 &- count &<< 3)
      let others = (word ^ 0x2E2E_2E2E_2E2E_2E2E) | ~used
      let points = (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
      let digits = (word ^ 0x3030_3030_3030_3030 ^ (points &>> 7 &* 0x1E)) & used
      if points & (points &- 1) == 0, (digits | (digits &+ 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 == 0 {
        return true
      }
    }
    return isOtherNumber(text)
  }

  /// Whether the text has three to eight characters, digits with a point between them, and is the text that
  /// ``write(_:to:)`` writes for its number. `false` for some other texts of that kind too.
  @inlinable @inline(__always)
  package static func isShortest(_ text: RawSpan) -> Bool {
    let count = text.byteCount
    guard count >= 4, count <= 8 else { return false }
    // All characters at once, the last one in the highest byte.
    let low = UInt64(UInt32(littleEndian: text.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self)))
    let high = UInt64(
      UInt32(littleEndian: text.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 4, as: UInt32.self)))
    let unused = UInt64(truncatingIfNeeded: 64 &- count &<< 3)
    let used = ~(0 as UInt64) &<< unused
    let word = low &<< unused | high &<< 32
    let others = (word ^ 0x2E2E_2E2E_2E2E_2E2E) | ~used
    let points = (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
    let digits = (word ^ 0x3030_3030_3030_3030 ^ (points &>> 7 &* 0x1E)) & used
    // One point, neither at the end nor at the beginning; no zero at the end or the beginning.
    guard points != 0, points & (points &- 1) == 0, points &>> 56 == 0, low & 0xFF > 0x30,
      (digits | (digits &+ 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 == 0
    else { return false }
    return digits &>> 56 != 0
  }

  @usableFromInline static func isOtherNumber(_ text: RawSpan) -> Bool {
    guard let (value, _) = read(text) else { return false }
    return !value.isNaN
  }

  @usableFromInline static func readLong(_ text: RawSpan) -> Double? {
    text.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return nil }
      var value = 0.0
      if rdb_double_parse(start.assumingMemoryBound(to: CChar.self), bytes.count, &value) == 1 {
        return value
      }
      // The text has a plus sign, is hexadecimal, or is out of range. `strtod` ends at a zero byte.
      if bytes.contains(0) { return nil }
      return Double(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// Reads a text of three to eight characters, digits with a point between them, the most frequent scores with decimals.
  ///
  /// Handles all characters at once in one word; otherwise like ``readShort(_:)``.
  ///
  /// - Returns: `nil` for other text.
  @usableFromInline static func readEight(_ text: RawSpan) -> (value: Double, isCanonical: Bool)? {
    let count = text.byteCount
    guard count >= 3, count <= 8 else { return nil }
    // The last character is in the highest byte; zeros come before the first one.
    var word: UInt64
    if count >= 4 {
      let low = text.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self)
      let high = text.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 4, as: UInt32.self)
      word =
        UInt64(UInt32(littleEndian: high)) &<< 32
        | UInt64(UInt32(littleEndian: low)) &<< UInt64(truncatingIfNeeded: 64 &- count &<< 3)
    } else {
      let low = text.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt16.self)
      let high = text.unsafeLoad(fromUncheckedByteOffset: 2, as: UInt8.self)
      word = UInt64(high) &<< 56 | UInt64(UInt16(littleEndian: low)) &<< 40
    }
    // Marks the bytes that are a point. A borrow can set wrong marks only above the lowest one, and only it is used.
    let others = word ^ 0x2E2E_2E2E_2E2E_2E2E
    let points = (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
    guard points != 0 else { return nil }
    let point = points.trailingZeroBitCount &>> 3
    let decimals = 7 &- point
    let wholeCount = count &- decimals &- 1
    guard wholeCount > 0, decimals > 0 else { return nil }
    // Moves the digits before the point up to the digits after it. Zeros fill the rest.
    let below = (1 as UInt64) &<< UInt64(truncatingIfNeeded: point &<< 3) &- 1
    let above = ~(below &<< 8 | 0xFF)
    let used = ~(0 as UInt64) &<< UInt64(truncatingIfNeeded: 72 &- count &<< 3)
    word = (word & below) &<< 8 | word & above
    let digits = (word ^ 0x3030_3030_3030_3030) & used
    // Checks that each byte is at most 9. (`|` and `&+` have the same precedence.)
    guard (digits | (digits &+ 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 == 0 else { return nil }
    let pairs = (digits &* 10 &+ digits &>> 8) & 0x00FF_00FF_00FF_00FF
    let fours = (pairs &* 100 &+ pairs &>> 16) & 0x0000_FFFF_0000_FFFF
    let number = (fours &* 10_000 &+ fours &>> 32) & 0xFFFF_FFFF
    let value = Double(Int64(bitPattern: number)) / Double(Int64(bitPattern: DecimalText.power(decimals)))
    let firstDigit = digits &>> UInt64(truncatingIfNeeded: 72 &- count &<< 3) & 0xFF
    let isCanonical =
      digits &>> 56 != 0 && (firstDigit != 0 || wholeCount == 1 && value >= 1e-4)
    return (value, isCanonical)
  }

  /// Reads at most fifteen digits with an optional point, with one exact division.
  ///
  /// A text of so few digits belongs to only one double. It is the shortest text if it has no needless digit: no leading
  /// zero except one before the point, and no zero at the end after the point. From 0.0001 on no exponent is shorter.
  ///
  /// - Returns: `nil` for other text.
  @usableFromInline static func readShort(_ text: RawSpan) -> (value: Double, isCanonical: Bool)? {
    let count = text.byteCount
    guard count >= 1, count <= 17 else { return nil }
    let isNegative =
      text.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self) == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    var digits: UInt64 = 0
    let point = readDigits(text, from: start, &digits)
    let wholeCount = point &- start
    var decimals = 0
    // Whether the text has no zero at the end after the point.
    var endsWell = true
    if point < count {
      guard text.unsafeLoad(fromUncheckedByteOffset: point, as: UInt8.self) == UInt8(ascii: "."),
        readDigits(text, from: point &+ 1, &digits) == count
      else { return nil }
      decimals = count &- point &- 1
      endsWell =
        text.unsafeLoad(fromUncheckedByteOffset: count &- 1, as: UInt8.self) > UInt8(ascii: "0")
    }
    let digitCount = wholeCount &+ decimals
    guard digitCount >= 1, digitCount <= 15 else { return nil }
    let value = Double(Int64(bitPattern: digits)) / Double(Int64(bitPattern: DecimalText.power(decimals)))
    var beginsWell = wholeCount > 0
    if text.unsafeLoad(fromUncheckedByteOffset: start, as: UInt8.self) == UInt8(ascii: "0") {
      beginsWell = wholeCount == 1 && (decimals > 0 ? value >= 1e-4 : !isNegative)
    }
    return (isNegative ? -value : value, beginsWell && endsWell)
  }

  /// Reads the digits from `start` on, and appends them to `digits`.
  ///
  /// - Returns: The index after the last digit.
  @inline(__always)
  private static func readDigits(_ text: RawSpan, from start: Int, _ digits: inout UInt64) -> Int {
    var index = start
    while index < text.byteCount {
      let digit = text.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self) &- 48
      if digit > 9 { break }
      digits = digits &* 10 &+ UInt64(digit)
      index &+= 1
    }
    return index
  }
}
