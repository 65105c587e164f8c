import RDBSupport

/// A 128-bit hash of a name, or of other bytes.
///
/// Two names that differ have the same hash with a probability of about 10⁻²⁰ among a thousand million names: equal hashes
/// count as equal names.
struct NameHash: Hashable, BitwiseCopyable, Sendable {
  var high: UInt64
  var low: UInt64
}

/// A hash function with a random seed, so that no input can be made to collide on purpose.
struct NameHasher: Sendable {
  private let first = SeededHash()
  private let second = SeededHash()

  /// Returns the hash of bytes and a number: a name and its database, for example.
  func hash(_ bytes: RawSpan, _ number: UInt64) -> NameHash {
    NameHash(
      high: first.hash(bytes, seed: first.seed(of: number)), low: second.hash(bytes, seed: second.seed(of: number)))
  }
}

extension NameHasher {
  /// Returns the hash of bytes that follow others.
  ///
  /// - Parameter state: The hash of the bytes before.
  fileprivate func hash(_ bytes: RawSpan, after state: NameHash) -> NameHash {
    let (one, other) = (hash(bytes, state.high), hash(bytes, ~state.low))
    return NameHash(high: one.high ^ other.low, low: one.low &+ other.high)
  }
}

/// The hash of bytes that arrive in parts. Parts of other sizes give the same hash.
struct StreamHash {
  private static let blockByteCount = 64 << 10

  private let hasher: NameHasher
  private var block: [UInt8] = []
  private var state = NameHash(high: 0, low: 0)

  init(_ hasher: NameHasher) { self.hasher = hasher }

  mutating func append(_ bytes: RawSpan) {
    var rest = bytes
    while rest.byteCount > 0 {
      let part = rest.extracting(first: Self.blockByteCount - block.count)
      block.append(part)
      rest = rest.extracting(droppingFirst: part.byteCount)
      if block.count == Self.blockByteCount { addBlock() }
    }
  }

  private mutating func addBlock() {
    state = hasher.hash(block.span.bytes, after: state)
    block.removeAll(keepingCapacity: true)
  }

  /// Returns the hash of all bytes.
  mutating func finish() -> NameHash {
    addBlock()
    return state
  }
}
