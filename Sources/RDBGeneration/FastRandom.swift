/// A fast random number generator that gives the same numbers for the same seed.
///
/// The algorithm is SplitMix64 (Steele, Lea, Flood 2014): a counter and a bijective mixing function, so that mixed
/// counters never collide.
struct FastRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// Creates the generator of one key. It does not depend on other keys, so each key can be generated alone.
  init(seed: UInt64, key: UInt64) {
    state = FastRandom.mix(seed ^ FastRandom.mix(key &+ 0x9E37_79B9_7F4A_7C15))
  }

  /// Returns a number that is different for each `value`.
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return FastRandom.mix(state)
  }

  /// Returns a number below `bound`.
  ///
  /// - Precondition: `bound` is at least 1.
  @inline(__always)
  mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }

  @inline(__always)
  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: below(UInt64(bound))) }

  @inline(__always)
  mutating func pick(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound &+ below(range.upperBound &- range.lowerBound &+ 1)
  }

  /// Fills memory with evenly distributed bytes.
  mutating func fillBytes(_ target: UnsafeMutableRawPointer, _ count: Int) {
    fill(target, count) { $0 }
  }

  /// Fills memory with the letters `a` to `p`: four bits per letter.
  mutating func fillLetters(_ target: UnsafeMutableRawPointer, _ count: Int) {
    fill(target, count) { $0 & 0x0F0F_0F0F_0F0F_0F0F &+ 0x6161_6161_6161_6161 }
  }

  @inline(__always)
  private mutating func fill(
    _ target: UnsafeMutableRawPointer, _ count: Int, _ map: (UInt64) -> UInt64
  ) {
    var index = 0
    while count &- index >= 8 {
      target.storeBytes(of: map(next()).littleEndian, toByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    if index < count {
      var rest = map(next())
      while index < count {
        target.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: index, as: UInt8.self)
        rest >>= 8
        index &+= 1
      }
    }
  }
}

/// Writes the 16 lowercase hexadecimal digits of `value`.
@inline(__always)
func writeHex(_ value: UInt64, to target: UnsafeMutableRawPointer) {
  target.storeBytes(of: hexDigits(UInt32(truncatingIfNeeded: value >> 32)), as: UInt64.self)
  target.storeBytes(
    of: hexDigits(UInt32(truncatingIfNeeded: value)), toByteOffset: 8, as: UInt64.self)
}

/// Returns the eight digits of `value`, in memory order.
@inline(__always)
func hexDigits(_ value: UInt32) -> UInt64 {
  var spread = UInt64(value)
  spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
  spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
  spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
  let letters = ((spread &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
  let digits = spread &+ 0x3030_3030_3030_3030 &+ letters &* 39
  return digits.bigEndian
}
