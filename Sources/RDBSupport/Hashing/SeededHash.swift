/// A 64-bit hash function with a random seed, so that no input can be made to collide on purpose.
///
/// The hashes of two instances differ: an instance belongs to one task in one process.
@usableFromInline package struct SeededHash: Sendable {
  @usableFromInline let key = UInt64.random(in: .min ... .max) | 1
  @usableFromInline let other = UInt64.random(in: .min ... .max)

  /// Creates a hash function with a new seed.
  package init() {}

  /// Returns a seed for ``hash(_:seed:)`` that depends on a number.
  @inlinable
  package func seed(of number: UInt64) -> UInt64 { mix(number ^ other) }

  /// Returns the hash of bytes.
  ///
  /// - Parameter seed: Any number: different seeds give unrelated hashes of the same bytes.
  @inlinable
  package func hash(_ bytes: RawSpan, seed: UInt64) -> UInt64 {
    let count = bytes.byteCount
    var state = seed ^ UInt64(count)
    var index = 0
    while count &- index >= 8 {
      state = mix(state ^ bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
      index &+= 8
    }
    var tail: UInt64 = 0
    while index < count {
      tail = tail << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
      index &+= 1
    }
    return mix(mix(state ^ tail) ^ other)
  }

  @inlinable
  func mix(_ value: UInt64) -> UInt64 {
    let product = (value ^ key).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15 ^ other | 1)
    return product.high ^ product.low &+ key
  }
}
