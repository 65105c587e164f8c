import RDB
import RDBFormat

/// The texts that servers accept as floating-point numbers.
enum FloatText {
  /// The parts of a text before it is rounded to a type.
  private enum Shape {
    case infinity(isNegative: Bool)
    case zero(isNegative: Bool)
    case decimal
    /// A hexadecimal number: `mantissa` × 2^`exponent`. Digits that do not fit set the lowest bit of the mantissa,
    /// unless they are 0.
    case hexadecimal(isNegative: Bool, mantissa: UInt64, exponent: Int)
  }

  /// Reads a score, a weight or an increment.
  ///
  /// - Returns: `nil` for a text that is not a number, and for numbers that round to infinity or to 0.
  static func double(_ text: ArraySlice<UInt8>, allowsHexadecimal: Bool) -> Double? {
    guard let (value, isExact) = number(text, Double.self, allowsHexadecimal: allowsHexadecimal) else { return nil }
    return isExact || (value.isFinite && value != 0) ? value : nil
  }

  /// Reads a limit of a range of scores: numbers out of range become infinity or 0.
  static func rangeLimit(_ text: ArraySlice<UInt8>, allowsHexadecimal: Bool) -> Double? {
    number(text, Double.self, allowsHexadecimal: allowsHexadecimal)?.value
  }

  /// Reads the number of INCRBYFLOAT and HINCRBYFLOAT.
  ///
  /// - Returns: `nil` for a text that is not a number, and for numbers that round to infinity or to 0.
  static func longDouble(_ text: [UInt8]) -> LongDouble? {
    guard let (value, isExact) = number(text[...], LongDouble.self, allowsHexadecimal: true) else { return nil }
    return isExact || (value.isFinite && value != 0) ? value : nil
  }

  /// The value of a text, and whether the text itself says infinity or 0, as opposed to a number that rounds to it.
  private static func number<F: BinaryFloatingPoint & LosslessStringConvertible>(
    _ text: ArraySlice<UInt8>, _: F.Type, allowsHexadecimal: Bool
  ) -> (value: F, isExact: Bool)? {
    guard let shape = shape(text, allowsHexadecimal: allowsHexadecimal) else { return nil }
    switch shape {
    case .infinity(let isNegative): return (isNegative ? -F.infinity : F.infinity, true)
    case .zero(let isNegative): return (isNegative ? -F.zero : F.zero, true)
    case .decimal:
      guard let value = F(String(decoding: text, as: UTF8.self)) else { return nil }
      return (value, false)
    case .hexadecimal(let isNegative, let mantissa, let exponent):
      // The limit is beyond the largest exponent of every type.
      let value = F(sign: .plus, exponent: F.Exponent(max(-40_000, min(40_000, exponent))), significand: F(mantissa))
      return (isNegative ? -value : value, false)
    }
  }

  private static func shape(_ text: ArraySlice<UInt8>, allowsHexadecimal: Bool) -> Shape? {
    var rest = text
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    guard let first = rest.first else { return nil }
    if first | 0x20 == UInt8(ascii: "i") {
      let word = lowercasedText(Array(rest.prefix(9)))
      return word == "inf" || word == "infinity" ? .infinity(isNegative: isNegative) : nil
    }
    if first == UInt8(ascii: "0"), rest.dropFirst().first.map({ $0 | 0x20 == UInt8(ascii: "x") }) ?? false {
      return allowsHexadecimal ? hexadecimal(rest.dropFirst(2), isNegative: isNegative) : nil
    }
    var (digits, hasNonZero, hasPoint) = (0, false, false)
    var end = rest.startIndex
    while end < rest.endIndex {
      let byte = rest[end]
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if byte &- 48 <= 9 {
        digits += 1
        if byte != 48 { hasNonZero = true }
      } else {
        break
      }
      end += 1
    }
    rest = rest[end...]
    guard digits > 0, rest.isEmpty || exponent(rest, UInt8(ascii: "e")) != nil else { return nil }
    return hasNonZero ? .decimal : .zero(isNegative: isNegative)
  }

  private static func hexadecimal(_ text: ArraySlice<UInt8>, isNegative: Bool) -> Shape? {
    var rest = text
    var (mantissa, shift, digits, hasPoint): (UInt64, Int, Int, Bool) = (0, 0, 0, false)
    while let byte = rest.first {
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if let digit = hexadecimalDigit(byte) {
        digits += 1
        if mantissa >> 60 == 0 {
          mantissa = mantissa << 4 | digit
          if hasPoint { shift -= 4 }
        } else {
          if digit != 0 { mantissa |= 1 }
          if !hasPoint { shift += 4 }
        }
      } else {
        break
      }
      rest.removeFirst()
    }
    guard digits > 0 else { return nil }
    if mantissa == 0, rest.isEmpty { return .zero(isNegative: isNegative) }
    guard let power = rest.isEmpty ? 0 : exponent(rest, UInt8(ascii: "p")) else { return nil }
    if mantissa == 0 { return .zero(isNegative: isNegative) }
    return .hexadecimal(isNegative: isNegative, mantissa: mantissa, exponent: shift + power)
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 48...57: UInt64(byte - 48)
    case 65...70: UInt64(byte - 55)
    case 97...102: UInt64(byte - 87)
    default: nil
    }
  }

  /// The exponent with its letter, limited to a million in each direction.
  private static func exponent(_ text: ArraySlice<UInt8>, _ letter: UInt8) -> Int? {
    var rest = text
    guard let first = rest.popFirst(), first | 0x20 == letter else { return nil }
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    guard !rest.isEmpty else { return nil }
    var value = 0
    for byte in rest {
      guard byte &- 48 <= 9 else { return nil }
      value = min(1_000_000, value * 10 + Int(byte - 48))
    }
    return isNegative ? -value : value
  }
}

extension ReplayCommand {
  /// The argument as a score, a weight or an increment of a score.
  ///
  /// - Throws: ``CommandError/notFloat``.
  func double(_ index: Int, _ limits: EncodingLimits) throws(CommandError) -> Double {
    let allowsHexadecimal = limits.server.vendor == .redis || !limits.readsNumbersStrictly
    guard let value = FloatText.double(arguments[index][...], allowsHexadecimal: allowsHexadecimal) else {
      throw .notFloat
    }
    return value
  }
}

extension EncodingLimits {
  /// Whether the limits of score ranges and, in Valkey, scores must be decimal and have no leading space.
  var readsNumbersStrictly: Bool { server.isAtLeast(8, 0, valkey: (8, 1)) }
}
