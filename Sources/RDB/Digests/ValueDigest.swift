import RDBSupport

/// A number of 128 bits that is the same for equal values, however they are stored.
///
/// ``ValueDigester`` computes it. Its documentation defines the digest of each type.
public struct ValueDigest: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
  /// The lower 64 bits.
  public let low: UInt64
  /// The upper 64 bits.
  public let high: UInt64

  /// Creates a digest from its two halves.
  @inlinable public init(low: UInt64, high: UInt64) { (self.low, self.high) = (low, high) }

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
