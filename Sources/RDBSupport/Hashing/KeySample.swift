/// A part of all keys, chosen by the hash of their names: the same keys in each snapshot and on each server.
package struct KeySample: Hashable, Sendable {
  /// The largest hash of a key in the sample.
  private let limit: UInt64
  private static let seed: UInt64 = 0x5A3B_1E00

  /// - Parameter fraction: The part of the keys, above 0 and at most 1.
  package init(fraction: Double) {
    let share = fraction * 0x1p64
    limit = share >= 0x1p64 ? .max : UInt64(max(share, 1)) - 1
  }

  /// Whether a key belongs to the sample.
  package func contains(_ name: RawSpan) -> Bool { StableHash.hash(name, seed: Self.seed) <= limit }
}
