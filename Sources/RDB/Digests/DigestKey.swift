import RDBSupport

/// The key of the function that digests are made with.
///
/// Digests of different keys have nothing in common.
public struct DigestKey: Hashable, Sendable, BitwiseCopyable {
  let first: UInt64
  let second: UInt64
  /// Whether the function is SipHash-1-3.
  let isReduced: Bool

  init(_ first: UInt64, _ second: UInt64, isReduced: Bool = false) {
    (self.first, self.second, self.isReduced) = (first, second, isReduced)
  }

  /// The key of all digests that are stored, published or compared with those of another program: the 16 bytes
  /// `rdb digest no. 1`.
  ///
  /// Equal values have equal digests; different values have different ones except by chance, about once in 2¹²⁸. An
  /// adversary who chooses the values knows this key, and may find two values with the same digest.
  public static let standard = DigestKey(ascii("rdb dige"), ascii("st no. 1"))

  /// A new key that no one knows, for digests that one process makes and compares.
  ///
  /// Two different values have the same digest about once in 2¹²⁸, also if an adversary has chosen them, as long as the
  /// adversary sees no digest. The function is SipHash-1-3, which takes about half the time of SipHash-2-4.
  public static func random() -> DigestKey {
    DigestKey(.random(in: .min ... .max), .random(in: .min ... .max), isReduced: true)
  }

  /// Eight or fewer ASCII characters as a word, little-endian.
  static func ascii(_ text: StaticString) -> UInt64 {
    text.withUTF8Buffer { bytes in
      precondition(bytes.count <= 8)
      return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// The state of a message that begins with the word `tag`.
  package func state(_ tag: StaticString) -> SipHash {
    var state = SipHash(key: first, second, isReduced: isReduced)
    state.add(Self.ascii(tag))
    return state
  }
}
