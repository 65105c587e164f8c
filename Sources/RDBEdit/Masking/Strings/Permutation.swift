/// A secret permutation of the numbers below a limit.
///
/// A Feistel network permutes the numbers of an even number of bits; numbers outside the range are permuted again until
/// one lies inside (*cycle walking*), so the result is a permutation of the range, σ. σ⁻¹(σ(x) + 1) moves each number
/// of a range of two or more.
struct Permutation {
  private static let rounds: UInt64 = 6
  let key: MaskingKey
  /// A number that selects one of many permutations.
  let tweak: UInt64
  /// Whether the permutation has no fixed point: it is then σ⁻¹(σ(x) + 1), else σ.
  var moves = true

  /// Returns the number that replaces `number`.
  ///
  /// - Parameter limit: The number of numbers; `number` is below it.
  func callAsFunction(_ number: UInt64, below limit: UInt64) -> UInt64 {
    if limit < 2 { return number }
    let halfBits = UInt64(max(65 - (limit - 1).leadingZeroBitCount, 2) / 2)
    var result = forward(number, limit, halfBits)
    // In a large range, a fixed point is too rare to matter.
    if !moves || limit >> 32 != 0 { return result }
    result = result &+ 1 == limit ? 0 : result &+ 1
    return backward(result, limit, halfBits)
  }

  private func forward(_ number: UInt64, _ limit: UInt64, _ halfBits: UInt64) -> UInt64 {
    let mask = 1 &<< halfBits &- 1
    var number = number
    repeat {
      var (left, right) = (number &>> halfBits, number & mask)
      for round in 0..<Self.rounds {
        (left, right) = (right, left ^ (value(right, round, limit) & mask))
      }
      number = left &<< halfBits | right
    } while number >= limit
    return number
  }

  private func backward(_ number: UInt64, _ limit: UInt64, _ halfBits: UInt64) -> UInt64 {
    let mask = 1 &<< halfBits &- 1
    var number = number
    repeat {
      var (left, right) = (number &>> halfBits, number & mask)
      for step in 1...Self.rounds {
        (left, right) = (right ^ (value(left, Self.rounds &- step, limit) & mask), left)
      }
      number = left &<< halfBits | right
    } while number >= limit
    return number
  }

  @inline(__always)
  private func value(_ half: UInt64, _ round: UInt64, _ limit: UInt64) -> UInt64 {
    key.hash(half ^ limit &<< 24, tweak ^ round &<< 56)
  }
}
