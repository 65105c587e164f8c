import RDBFormat
import RDBSupport

/// A secret key, and the keyed hash function SipHash-1-3 with it.
///
/// Without the key, its hashes cannot be told from random numbers. Source: Aumasson and Bernstein, *SipHash*, 2012.
struct MaskingKey: Hashable, Sendable {
  let first: UInt64
  let second: UInt64

  @inline(__always)
  init(_ first: UInt64, _ second: UInt64) { (self.first, self.second) = (first, second) }

  /// Derives a key from a salt, for one purpose.
  init(salt: [UInt8], purpose: String) {
    let digest = SHA256.digest(SHA256.digest(salt) + Array(purpose.utf8))
    let words = (0..<2).map { word in
      (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64(digest[8 * word + $1]) }
    }
    self.init(words[0], words[1])
  }

  /// Returns the hash of a word and a number.
  @inline(__always)
  func hash(_ word: UInt64, _ number: UInt64 = 0) -> UInt64 {
    var state = State(self)
    state.add(word)
    state.add(number)
    return state.finish(tag: 0xFF)
  }

  /// Returns the hash of two words and a number.
  @inline(__always)
  func hash(_ first: UInt64, _ second: UInt64, _ number: UInt64) -> UInt64 {
    var state = State(self)
    state.add(first)
    state.add(second)
    state.add(number)
    return state.finish(tag: 0xEE)
  }

  /// Returns the hash of bytes.
  func hash(_ bytes: UnsafeRawBufferPointer, tag: UInt64 = 0xDD) -> UInt64 {
    var state = State(self)
    var index = 0
    while bytes.count &- index >= 8 {
      state.add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
      index &+= 8
    }
    var tail = UInt64(truncatingIfNeeded: bytes.count) &<< 56
    var shift: UInt64 = 0
    while index < bytes.count {
      tail |= UInt64(bytes[index]) &<< shift
      shift &+= 8
      index &+= 1
    }
    state.add(tail)
    return state.finish(tag: tag)
  }

  /// Returns a key that depends on this key and on bytes.
  func key(of bytes: UnsafeRawBufferPointer) -> MaskingKey {
    let first = hash(bytes)
    return MaskingKey(first, hash(first, 1))
  }
}

extension MaskingKey {
  /// The state of SipHash-1-3: one step per word, three at the end.
  private struct State {
    private var state: SipState

    @inline(__always)
    init(_ key: MaskingKey) { state = SipState(key: key.first, key.second) }

    @inline(__always)
    mutating func add(_ word: UInt64) {
      state.v3 ^= word
      state.mix()
      state.v0 ^= word
    }

    /// Ends the message. Messages of different kinds end with different tags.
    @inline(__always)
    mutating func finish(tag: UInt64) -> UInt64 {
      state.v2 ^= tag
      for _ in 0..<3 { state.mix() }
      return state.word
    }
  }
}
