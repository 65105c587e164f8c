#if arch(x86_64) && !os(Windows)
  /// The type in which servers compute INCRBYFLOAT and HINCRBYFLOAT.
  typealias LongDouble = Float80
#else
  /// The type in which servers compute INCRBYFLOAT and HINCRBYFLOAT, or the nearest one.
  typealias LongDouble = Double
#endif

extension LongDouble {
  /// The number with up to 17 digits after the point and without zeros at the end, as INCRBYFLOAT stores it.
  ///
  /// The number is finite.
  var incrementText: [UInt8] {
    if self == 0 { return [48] }
    // magnitude = integer × 2^power, exactly.
    let bits = Self.significandBitCount
    let power = Int(exponent) - bits
    let integer = UInt64(Self(sign: .plus, exponent: Exponent(bits), significand: significand))
    var whole: [UInt8]
    var fraction: UInt64 = 0
    if power >= 0 {
      whole = decimalDigits(integer, shiftedBy: power)
    } else {
      var units = -power < 64 ? integer >> UInt64(-power) : 0
      if -power < 128 {
        let rest = -power < 64 ? integer & (1 << UInt64(-power) - 1) : integer
        let scaled = UInt128(rest) * 100_000_000_000_000_000
        fraction = UInt64(scaled >> UInt128(-power))
        let remainder = scaled & (1 << UInt128(-power) - 1)
        let half: UInt128 = 1 << UInt128(-power - 1)
        if remainder > half || remainder == half && fraction & 1 == 1 { fraction += 1 }
        if fraction == 100_000_000_000_000_000 { (units, fraction) = (units + 1, 0) }
      }
      whole = Array(String(units).utf8)
    }
    if fraction > 0 {
      var digits = Array(String(fraction).utf8)
      digits.insert(contentsOf: repeatElement(48, count: 17 - digits.count), at: 0)
      while digits.last == 48 { digits.removeLast() }
      whole += [UInt8(ascii: ".")] + digits
    }
    if whole == [48] { return whole }
    return self < 0 ? [UInt8(ascii: "-")] + whole : whole
  }
}

/// The decimal digits of `integer` × 2^`shift`.
private func decimalDigits(_ integer: UInt64, shiftedBy shift: Int) -> [UInt8] {
  // Groups of nine digits, the lowest first.
  var groups: [UInt64] = []
  var rest = integer
  while rest > 0 {
    groups.append(rest % 1_000_000_000)
    rest /= 1_000_000_000
  }
  var left = shift
  while left > 0 {
    let step = min(left, 30)
    var carry: UInt64 = 0
    for index in groups.indices {
      let sum = groups[index] << UInt64(step) + carry
      groups[index] = sum % 1_000_000_000
      carry = sum / 1_000_000_000
    }
    while carry > 0 {
      groups.append(carry % 1_000_000_000)
      carry /= 1_000_000_000
    }
    left -= step
  }
  var text = Array(String(groups.last ?? 0).utf8)
  for group in groups.dropLast().reversed() {
    let digits = Array(String(group).utf8)
    text += repeatElement(48, count: 9 - digits.count) + digits
  }
  return text
}
