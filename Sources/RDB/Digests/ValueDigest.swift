import RDBSupport

/// A number of 128 bits that is the same for equal values, however they are stored.
///
/// ``ValueDigester`` computes it. Its documentation defines the digest of each type.
public struct ValueDigest: Hashable, Sendable, BitwiseCopyable, LosslessStringConvertible {
  /// The lower 64 bits.
  @usableFromInline package let low: UInt64
  /// The upper 64 bits.
  @usableFromInline package let high: UInt64

  /// Creates a digest from its two halves.
  @inlinable package init(low: UInt64, high: UInt64) { (self.low, self.high) = (low, high) }

  package init(_ state: consuming SipHash) {
    let (low, high) = state.finish()
    self.init(low: low, high: high)
  }

  /// The 16 bytes of the digest as 32 hexadecimal digits, lower half first, each half little-endian.
  ///
  /// The bytes are in the order in which SipHash implementations write them.
  public var description: String {
    var text: [UInt8] = []
    let digits = Array("0123456789abcdef".utf8)
    for half in [low, high] {
      for byte in 0..<8 {
        let value = Int(half >> UInt64(8 * byte) & 0xFF)
        text += [digits[value >> 4], digits[value & 15]]
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads a digest from its ``description``.
  ///
  /// - Parameter description: 32 hexadecimal digits, in upper or lower case; `nil` for any other text.
  public init?(_ description: String) {
    let digits = description.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 32, description.utf8.count == 32 else { return nil }
    func half(_ first: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(digits[first + 2 * $1] << 4 | digits[first + 2 * $1 + 1]) << UInt64(8 * $1) }
    }
    self.init(low: half(0), high: half(16))
  }
}

/// A sum of digests modulo 2¹²⁸, with the number of digests: it does not depend on their order.
package struct DigestSum: Hashable, Sendable, BitwiseCopyable {
  package private(set) var count: UInt64 = 0
  package private(set) var sum: UInt128 = 0

  package init() {}

  @inline(__always)
  package mutating func add(_ digest: ValueDigest) {
    count &+= 1
    sum &+= UInt128(digest.high) &<< 64 | UInt128(digest.low)
  }

  package mutating func add(_ other: DigestSum) {
    count &+= other.count
    sum &+= other.sum
  }
}

extension SipHash {
  /// Adds a sum as three words: the count, and the lower and the upper half of the sum.
  @inline(__always)
  mutating func add(_ sum: DigestSum) {
    add(sum.count)
    add(UInt64(truncatingIfNeeded: sum.sum))
    add(UInt64(truncatingIfNeeded: sum.sum &>> 64))
  }
}
