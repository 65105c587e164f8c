/// A 64-bit hash of bytes that is the same in every process and on every machine.
///
/// Index files store it, and samples of keys depend on it. It does not resist an adversary: see ``SeededHash``.
@usableFromInline package struct StableHash {
  @usableFromInline static var first: UInt64 { 0xA076_1D64_78BD_642F }
  @usableFromInline static var second: UInt64 { 0xE703_7ED1_A0B4_28DB }
  @usableFromInline var state: UInt64

  /// Creates the state of a hash before the first byte.
  @inlinable @inline(__always)
  package init(seed: UInt64) { state = Self.mix(seed ^ Self.first, Self.second) }

  /// Returns the hash of contiguous bytes.
  @inlinable @inline(__always)
  package static func hash(_ bytes: RawSpan, seed: UInt64) -> UInt64 {
    var hash = StableHash(seed: seed)
    return hash.finish(bytes)
  }

  /// Adds all whole words of eight bytes.
  ///
  /// - Returns: The number of bytes added.
  @inlinable @inline(__always)
  package mutating func add(_ bytes: RawSpan) -> Int {
    var index = 0
    while bytes.byteCount &- index >= 8 {
      let word = bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      state = Self.mix(state ^ UInt64(littleEndian: word), Self.second)
      index &+= 8
    }
    return index
  }

  /// Adds the last bytes, which may be any number, and returns the hash.
  @inlinable @inline(__always)
  package mutating func finish(_ bytes: RawSpan) -> UInt64 {
    var index = add(bytes)
    var tail = UInt64(bytes.byteCount &- index) &+ 1
    while index < bytes.byteCount {
      tail = tail << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
      index &+= 1
    }
    state = Self.mix(state ^ tail, Self.first)
    return Self.mix(state ^ Self.second, Self.first)
  }

  @inlinable @inline(__always)
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    // Without the constant, a state of 0 would stay 0.
    return product.high ^ product.low &+ 0x9E37_79B9_7F4A_7C15
  }
}
