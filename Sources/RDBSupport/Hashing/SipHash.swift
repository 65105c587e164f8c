/// The state of SipHash-2-4, or of SipHash-1-3, with a result of 128 bits.
///
/// A keyed function: without the key, no one can find messages with the same result more easily than by chance. A message
/// is added in words of eight bytes, little-endian. Source: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast
/// short-input PRF" (2012), with the variant of 128 bits from the authors' later reference code.
@usableFromInline package struct SipHash: BitwiseCopyable, Sendable {
  @usableFromInline var state: SipState
  /// The number of words added; only its lowest five bits matter.
  @usableFromInline var wordCount: UInt64 = 0
  /// Whether this is SipHash-1-3: half the steps per word, and three quarters of those at the end.
  @usableFromInline let isReduced: Bool

  /// The state before the first byte.
  ///
  /// - Parameters:
  ///   - first: The first eight bytes of the key, little-endian.
  ///   - second: The last eight bytes of the key, little-endian.
  ///   - isReduced: Whether to use SipHash-1-3, which suffices where no adversary sees a result: hash tables of many languages
  ///     use it.
  @inlinable
  package init(key first: UInt64, _ second: UInt64, isReduced: Bool = false) {
    state = SipState(key: first, second)
    state.v1 ^= 0xEE
    self.isReduced = isReduced
  }

  /// Adds eight bytes.
  @inlinable @inline(__always)
  package mutating func add(_ word: UInt64) {
    absorb(word)
    wordCount &+= 1
  }

  /// Adds the number of `bytes` as a word, the bytes, and zeros up to a whole number of words.
  @inlinable @inline(__always)
  package mutating func add(_ bytes: RawSpan) {
    let count = bytes.byteCount
    add(UInt64(count))
    addWords(of: bytes)
    if count & 7 != 0 { add(Self.tail(of: bytes)) }
  }

  /// Adds all whole words of `bytes`.
  @inlinable @inline(__always)
  mutating func addWords(of bytes: RawSpan) {
    var index = 0
    let end = bytes.byteCount & ~7
    while index < end {
      absorb(UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)))
      index &+= 8
    }
    wordCount &+= UInt64(end) &>> 3
  }

  /// The last bytes of `bytes` that are not a whole word, in the lowest bits.
  @inlinable @inline(__always)
  static func tail(of bytes: RawSpan) -> UInt64 {
    let (count, rest) = (bytes.byteCount, bytes.byteCount & 7)
    if rest == 0 { return 0 }
    if count >= 8 {
      let last = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 8, as: UInt64.self)
      return UInt64(littleEndian: last) &>> UInt64(8 &* (8 &- rest))
    }
    // Bytes that are read twice are the same bits.
    if count >= 4 {
      let first = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self))
      let last = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 4, as: UInt32.self))
      return UInt64(first) | UInt64(last) &<< UInt64(8 &* (count &- 4))
    }
    let (middle, end) = (count &>> 1, count &- 1)
    let first = bytes.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)
    let second = bytes.unsafeLoad(fromUncheckedByteOffset: middle, as: UInt8.self)
    let last = bytes.unsafeLoad(fromUncheckedByteOffset: end, as: UInt8.self)
    return UInt64(first) | UInt64(second) &<< UInt64(8 &* middle) | UInt64(last) &<< UInt64(8 &* end)
  }

  /// Ends the message.
  ///
  /// - Returns: The result as two words, little-endian.
  @inlinable @inline(__always)
  package consuming func finish() -> (low: UInt64, high: UInt64) { finish(tail: 0, byteCount: wordCount &<< 3) }

  /// Returns the result for a message of any number of bytes.
  package static func hash(
    _ message: RawSpan, key first: UInt64, _ second: UInt64, isReduced: Bool = false
  ) -> (low: UInt64, high: UInt64) {
    var state = SipHash(key: first, second, isReduced: isReduced)
    state.addWords(of: message)
    return state.finish(tail: tail(of: message), byteCount: UInt64(message.byteCount))
  }

  @inlinable @inline(__always)
  consuming func finish(tail: UInt64, byteCount: UInt64) -> (low: UInt64, high: UInt64) {
    absorb(byteCount &<< 56 | tail)
    state.v2 ^= 0xEE
    mixLast()
    let low = state.word
    state.v1 ^= 0xDD
    mixLast()
    return (low, state.word)
  }

  @inlinable @inline(__always)
  mutating func mixLast() {
    for _ in 0..<3 { state.mix() }
    if !isReduced { state.mix() }
  }

  @inlinable @inline(__always)
  mutating func absorb(_ word: UInt64) {
    state.v3 ^= word
    state.mix()
    if !isReduced { state.mix() }
    state.v0 ^= word
  }
}

/// The four words of SipHash, and the step that mixes them; how many steps follow a word depends on the variant.
@usableFromInline package struct SipState: BitwiseCopyable, Sendable {
  @usableFromInline package var v0: UInt64
  @usableFromInline package var v1: UInt64
  @usableFromInline package var v2: UInt64
  @usableFromInline package var v3: UInt64

  /// The state before the first word, for a key of two words.
  @inlinable @inline(__always)
  package init(key first: UInt64, _ second: UInt64) {
    v0 = first ^ 0x736F_6D65_7073_6575
    v1 = second ^ 0x646F_7261_6E64_6F6D
    v2 = first ^ 0x6C79_6765_6E65_7261
    v3 = second ^ 0x7465_6462_7974_6573
  }

  /// A word of the result.
  @inlinable @inline(__always)
  package var word: UInt64 { v0 ^ v1 ^ v2 ^ v3 }

  @inlinable @inline(__always)
  package mutating func mix() {
    v0 &+= v1
    v2 &+= v3
    v1 = Self.rotate(v1, 13) ^ v0
    v3 = Self.rotate(v3, 16) ^ v2
    v0 = Self.rotate(v0, 32)
    v2 &+= v1
    v0 &+= v3
    v1 = Self.rotate(v1, 17) ^ v2
    v3 = Self.rotate(v3, 21) ^ v0
    v2 = Self.rotate(v2, 32)
  }

  @inlinable @inline(__always)
  static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }
}
