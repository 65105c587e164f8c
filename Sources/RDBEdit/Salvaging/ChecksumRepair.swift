import RDB
import RDBFormat

/// A few neighbouring bytes of a snapshot that were changed, and what they were before.
package struct RepairedBytes: Hashable, Sendable {
  /// The offset of the first byte.
  package var offset: UInt64
  /// The bytes in the input.
  package var found: [UInt8]
  /// The bytes that the snapshot's checksum demands.
  package var restored: [UInt8]
}

/// Finds the bytes that must have been changed if only a few neighbouring bytes were, from the checksum.
///
/// A CRC is linear: the difference between the stored checksum and that of the bytes as they are depends only on the
/// differences of the bytes, and on how many bytes follow them. Going back from the end byte by byte, the difference becomes
/// a number of few bytes exactly where the change is. By chance, that happens to less than one in a million files: the
/// larger the file, the fewer bytes are looked for.
struct ChecksumRepair {
  private let table: [UInt64]
  /// The index of the row of the table by its highest byte, each of which occurs once.
  private let row: [Int]

  init() {
    // The reflected polynomial of ``CRC64``.
    let polynomial: UInt64 = 0x95AC_9329_AC4B_C9B5
    table = (0..<256).map { index in
      (0..<8).reduce(UInt64(index)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : polynomial) }
    }
    var row = [Int](repeating: 0, count: 256)
    for (index, value) in table.enumerated() { row[Int(value >> 56)] = index }
    self.row = row
  }

  /// The largest number of neighbouring bytes that are looked for in a snapshot of `byteCount` bytes.
  static func byteLimit(for byteCount: UInt64) -> Int {
    let bits = 44 - (UInt64.bitWidth - byteCount.leadingZeroBitCount)
    return min(max(bits / 8, 0), 4)
  }

  /// Finds the change.
  ///
  /// - Parameters:
  ///   - difference: The stored checksum, exclusive or that of the bytes as they are.
  ///   - byteCount: The number of bytes that the checksum covers.
  /// - Returns: The index of the first changed byte, and the differences of it and its neighbours; `nil`: more was changed.
  func find(_ difference: UInt64, byteCount: UInt64) -> (index: UInt64, changes: [UInt8])? {
    let limit = Self.byteLimit(for: byteCount)
    guard limit > 0, difference != 0 else { return nil }
    let bound = UInt64(1) << (8 * UInt64(limit))
    var state = difference
    var left = byteCount
    while left > 0 {
      // The state before a zero byte that led to this state.
      let index = row[Int(state >> 56)]
      state = (state ^ table[index]) << 8 | UInt64(index)
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
  ///
  /// - Parameters:
  ///   - bytes: The input.
  ///   - start: The offset of the snapshot.
  func find(in bytes: SourceBytes, from start: UInt64) throws -> RepairedBytes? {
    guard bytes.byteCount > start + 18 else { return nil }
    let end = bytes.byteCount - 8
    let stored = try bytes.bytes(at: end, count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    guard stored != 0, try bytes.byte(at: end - 1) == Opcode.eof.rawValue else { return nil }
    var sum = CRC64()
    try bytes.forEachPiece(of: start..<end) { sum.update($0) }
    guard let (index, changes) = find(stored ^ sum.value, byteCount: end - start) else { return nil }
    let found = try bytes.bytes(at: start + index, count: changes.count)
    return RepairedBytes(
      offset: start + index, found: found, restored: zip(found, changes).map { $0 ^ $1 })
  }
}

/// A source with a few bytes replaced.
final class RepairedSource: ByteSource, SharedSource {
  private let base: any ByteSource
  private let repair: RepairedBytes
  private var position: UInt64 = 0

  init(_ base: any ByteSource, _ repair: RepairedBytes) { (self.base, self.repair) = (base, repair) }

  var totalByteCount: UInt64? { base.totalByteCount }
  var canSeek: Bool { true }
  var canShare: Bool { base.shared != nil }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try read(at: position, into: buffer)
    position += UInt64(count)
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try base.read(at: offset, into: buffer)
    for (index, byte) in repair.restored.enumerated() {
      let byteOffset = repair.offset + UInt64(index)
      if byteOffset >= offset, byteOffset - offset < UInt64(count) { buffer[Int(byteOffset - offset)] = byte }
    }
    return count
  }

  func skip(_ byteCount: UInt64) { position += byteCount }
}
