/// Counts how often each of many hashes was seen, up to two, in a fixed amount of memory.
///
/// Several hashes share a counter: a hash that was seen once can count as seen twice, but never the reverse.
struct SightingFilter {
  /// Two bits for each counter.
  private var words: [UInt64]
  private let mask: UInt64

  /// - Parameter byteCount: The memory, in bytes, at least 8; rounded down to a power of two.
  init(byteCount: Int) {
    var count = 1
    while count * 16 <= byteCount { count *= 2 }
    words = [UInt64](repeating: 0, count: count)
    mask = UInt64(count * 32 - 1)
  }

  /// Notes that a hash was seen.
  mutating func see(_ hash: UInt64) {
    let (word, shift) = position(hash)
    let seen = words[word] >> shift & 3
    if seen < 2 { words[word] += 1 << shift }
  }

  /// Whether the hash was seen more than once.
  func wasSeenAgain(_ hash: UInt64) -> Bool {
    let (word, shift) = position(hash)
    return words[word] >> shift & 3 == 2
  }

  private func position(_ hash: UInt64) -> (word: Int, shift: UInt64) {
    let counter = hash & mask
    return (Int(counter >> 5), (counter & 31) * 2)
  }
}
