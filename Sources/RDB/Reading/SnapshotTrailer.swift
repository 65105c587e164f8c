import RDBFormat
import RDBSupport

/// A reader of the bytes after the EOF opcode: the checksum, and data that follows the snapshot.
@usableFromInline
struct SnapshotTrailer {
  private let computed: UInt64
  private let ignoresChecksum: Bool
  /// Whether the checksum is not read yet. Versions before 5 have none.
  private var awaitsChecksum: Bool
  private var checksum = SnapshotEnd.Checksum.absent
  private var byteCount: UInt64 = 0
  private var commands: UInt64?

  /// - Parameter window: A window whose next byte is the first after the EOF opcode.
  @usableFromInline init(_ window: inout Window, hasChecksum: Bool, ignoresChecksum: Bool) {
    computed = window.checksum.value
    window.computesChecksum = false
    self.ignoresChecksum = ignoresChecksum
    awaitsChecksum = hasChecksum
    byteCount = UInt64(window.offset)
  }

  /// Continues with the bytes of the window.
  ///
  /// - Returns: `nil` if more input is needed; never if `isFinal`.
  @usableFromInline mutating func read(_ window: inout Window, isFinal: Bool) throws(RDBError) -> SnapshotEnd? {
    if awaitsChecksum {
      guard try readChecksum(&window, isFinal) else { return nil }
      awaitsChecksum = false
      byteCount = UInt64(window.offset)
    }
    guard let tail = try readTail(&window, isFinal) else { return nil }
    return SnapshotEnd(checksum: checksum, byteCount: byteCount, tail: tail)
  }

  private mutating func readChecksum(_ window: inout Window, _ isFinal: Bool) throws(RDBError)
    -> Bool
  {
    let offset = window.offset
    guard window.count >= 8 else {
      if !isFinal { return false }
      throw RDBError(
        .truncated, at: offset, expected: "a checksum of 8 bytes", found: "\(window.count)")
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

  /// Recognizes the bytes after the snapshot, or throws.
  private mutating func readTail(_ window: inout Window, _ isFinal: Bool) throws(RDBError)
    -> SnapshotEnd.Tail?
  {
    if let seen = commands {
      commands = seen + UInt64(window.count)
      window.consume(window.count)
      return isFinal ? .appendOnlyCommands(byteCount: commands ?? 0) : nil
    }
    if window.count < 41, !isFinal { return nil }
    if window.count == 0 { return .nothing }
    let start = window.bytes.withUnsafeBytes { Array($0.prefix(41)) }
    if start[0] == UInt8(ascii: "*") || start[0] == UInt8(ascii: "#") {
      commands = 0
      return try readTail(&window, isFinal)
    }
    let isHexadecimal = start.allSatisfy {
      (48...57).contains($0) || (97...102).contains($0) || (65...70).contains($0)
    }
    if start.count == 40 && isHexadecimal {
      window.consume(40)
      return .replicationMark
    }
    throw RDBError(
      .trailingBytes, at: window.offset, expected: "the end of the file after the snapshot",
      found: "\(printable(start.prefix(16))) and on")
  }
}
