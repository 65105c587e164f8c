import RDB
import RDBFormat

/// Neighbouring bytes of a snapshot that were changed, inserted or lost, and what they were before.
package struct RepairedBytes: Hashable, Sendable {
  /// The offset of the first byte.
  package var offset: UInt64
  /// The bytes in the input; empty if bytes are missing there.
  package var found: [UInt8]
  /// The bytes that the snapshot's checksum demands; empty if the bytes in the input were inserted.
  package var restored: [UInt8]
}

/// Finds the bytes that must have been changed if only a few neighbouring bytes were, from the checksum.
///
/// A CRC is linear: the difference between the stored checksum and that of the bytes as they are depends only on the
/// differences of the bytes, and on how many bytes follow them. Going back from the end byte by byte, the difference becomes
/// a number of few bytes exactly where the change is. By chance, that happens to less than one in a million files: the
/// larger the file, the fewer bytes are looked for.
struct ChecksumRepair {
  private let steps = ChecksumSteps()

  /// The largest number of adjacent changed bytes that the checksum of a snapshot of `byteCount` bytes can identify.
  ///
  /// A checksum of 64 bits tells which bytes were changed, and how, as long as there are far fewer than 2^64 such changes: here
  /// at most 2^44, counted as offsets times values.
  static func byteLimit(for byteCount: UInt64) -> Int {
    let bits = 44 - (UInt64.bitWidth - byteCount.leadingZeroBitCount)
    return min(max(bits / 8, 0), 4)
  }

  /// Finds the change.
  ///
  /// - Parameters:
  ///   - difference: The bits in which the stored checksum and the checksum of the present bytes differ.
  ///   - byteCount: The number of bytes that the checksum covers.
  /// - Returns: The index of the first changed byte, and the differences of it and its neighbours; `nil`: more was changed.
  func find(_ difference: UInt64, byteCount: UInt64) -> (index: UInt64, changes: [UInt8])? {
    let limit = Self.byteLimit(for: byteCount)
    guard limit > 0, difference != 0 else { return nil }
    let bound = UInt64(1) << (8 * UInt64(limit))
    var state = difference
    var left = byteCount
    while left > 0 {
      state = steps.before(state, 0)
      left -= 1
      guard state < bound else { continue }
      var changes: [UInt8] = []
      var rest = state
      while rest > 0 {
        changes.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
      return left + UInt64(changes.count) <= byteCount ? (left, changes) : nil
    }
    return nil
  }

  /// Finds the changed bytes of a snapshot that ends with its input.
  func find(in bytes: SourceBytes, _ checksum: SplitChecksum) throws -> RepairedBytes? {
    guard let (index, changes) = find(checksum.difference, byteCount: checksum.byteCount) else { return nil }
    let offset = checksum.range.lowerBound + index
    let found = try bytes.bytes(at: offset, count: changes.count)
    return RepairedBytes(offset: offset, found: found, restored: zip(found, changes).map { $0 ^ $1 })
  }
}
