import RDBSupport

/// The position of a key's record: an input, and the file offset of the record in its snapshot.
package struct RecordPosition: Comparable, Hashable, BitwiseCopyable, Sendable {
  /// The largest number of inputs.
  package static let inputLimit = 1 << 16
  private static let offsetBitCount: UInt64 = 48

  /// The input in the upper 16 bits, the offset in the lower 48.
  private let bits: UInt64

  /// - Parameters:
  ///   - input: The index of the input, below ``inputLimit``.
  ///   - offset: The offset in bytes, below 2⁴⁸ (256 TiB).
  package init(input: Int, offset: Int) {
    bits = UInt64(input) << Self.offsetBitCount | UInt64(offset) & (1 << Self.offsetBitCount - 1)
  }

  /// The index of the input.
  package var input: Int { Int(bits >> Self.offsetBitCount) }
  /// The file offset of the record, in bytes.
  package var offset: Int { Int(bits & (1 << Self.offsetBitCount - 1)) }

  package static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
}

/// A key's record in an external sort in the order of inputs and offsets.
struct DroppedKey: SortedEntry {
  var position: RecordPosition

  func precedes(_ other: DroppedKey) -> Bool { position < other.position }
}

/// The hash of a key's name with the position of its record, in an external sort that brings equal names together.
struct NameOccurrence: SortedEntry {
  var hash: NameHash
  var position: RecordPosition

  func precedes(_ other: NameOccurrence) -> Bool {
    if hash.high != other.hash.high { return hash.high < other.hash.high }
    if hash.low != other.hash.low { return hash.low < other.hash.low }
    return position < other.position
  }
}
