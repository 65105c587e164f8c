import RDBFormat
import RDBSupport

/// A reader of the bytes after the EOF opcode: the checksum, and data that follows the snapshot.
@usableFromInline
struct SnapshotTrailer {
  private let computed: UInt64
  private let ignoresChecksum: Bool
  private let head: SnapshotHead
  private let dialect: Dialect?
  private let skipped: Ledger
  /// Whether the checksum is not read yet. Versions before 5 have none.
  private var awaitsChecksum: Bool
  private var checksum = SnapshotEnd.Checksum.absent
  private var endOffset: UInt64 = 0
  private let tail: SnapshotTail

  /// - Parameters:
  ///   - window: A window whose next byte is the first after the EOF opcode.
  ///   - parser: The parser that has read the EOF opcode.
  @usableFromInline init(_ window: inout Window, after parser: borrowing RDBParser, ignoresChecksum: Bool) {
    head = parser.state.head
    dialect = parser.state.dialect
    skipped = parser.state.skipped
    computed = head.checksum(ofSnapshotIn: window.checksum.value, byteCount: UInt64(window.offset))
    window.computesChecksum = false
    self.ignoresChecksum = ignoresChecksum
    awaitsChecksum = parser.hasChecksum
    endOffset = UInt64(window.offset)
    tail = SnapshotTail(after: head, options: parser.options)
  }

  /// Continues with the bytes of the window.
  ///
  /// - Returns: `nil` if more input is needed; never if `isFinal`.
  @usableFromInline mutating func read(_ window: inout Window, isFinal: Bool) throws(RDBError) -> SnapshotEnd? {
    if awaitsChecksum {
      guard try readChecksum(&window, isFinal) else { return nil }
      awaitsChecksum = false
      endOffset = UInt64(window.offset)
    }
    guard tail.read(&window, isFinal: isFinal) else { return nil }
    var end = SnapshotEnd(checksum: checksum, byteCount: endOffset - head.byteCount, tailParts: tail.parts)
    (end.head, end.dialect, end.skipped) = (head, dialect, skipped)
    return end
  }

  private mutating func readChecksum(_ window: inout Window, _ isFinal: Bool) throws(RDBError)
    -> Bool
  {
    let offset = window.offset
    // The announced size of the snapshot bounds its checksum too.
    let isCut = head.snapshotEnd.map { $0 < offset + 8 } ?? false
    guard window.count >= 8, !isCut else {
      if !isFinal, !isCut { return false }
      throw RDBError(
        .truncated, at: offset, expected: "a checksum of 8 bytes",
        found: "\(min(window.count, max(0, (head.snapshotEnd ?? .max) - offset)))")
    }
    let stored = UInt64(
      littleEndian: window.bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
    window.consume(8)
    if stored == 0 {
      checksum = .disabled
    } else if ignoresChecksum {
      checksum = .ignored
    } else if stored == computed {
      checksum = .verified(stored)
    } else {
      throw RDBError(
        .checksumMismatch, at: offset,
        expected: "the checksum 0x\(String(computed, radix: 16)) of the bytes before it",
        found: "0x\(String(stored, radix: 16))")
    }
    return true
  }
}
