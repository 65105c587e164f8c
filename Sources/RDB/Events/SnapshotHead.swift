import RDBFormat
import RDBSupport

/// What precedes a snapshot in the same input: the first bytes that a server sends to a replica.
///
///     +FULLRESYNC <40 hexadecimal digits> <offset>\r\n
///     \n …                        sent while the server saves
///     $<length>\r\n               before a snapshot of that many bytes, or
///     $EOF:<40 bytes>\r\n         before a snapshot that ends with the same 40 bytes
///
/// Source: `syncWithMaster` and `readSyncBulkPayload` in Redis `src/replication.c`.
package struct SnapshotHead: Hashable, Sendable {
  /// The number of all these bytes, which is the offset of the snapshot.
  package var byteCount: UInt64 = 0
  /// The number of line ends.
  package var newlineByteCount: UInt64 = 0
  /// The line `+FULLRESYNC …`, without its end.
  package var resync: [UInt8]?
  /// The size of the snapshot, in bytes, as announced.
  package var announcedByteCount: UInt64?
  /// The mark that follows the snapshot, as announced.
  package var mark: [UInt8]?
  /// The CRC-64 of these bytes, which the snapshot's checksum does not cover.
  var checksum: UInt64 = 0

  package init() {}

  /// Whether the snapshot's first byte is the next one.
  var isComplete: Bool { announcedByteCount != nil || mark != nil }

  /// The offset after the last byte of the snapshot, if its size was announced.
  var snapshotEnd: Int? { announcedByteCount.map { Int(clamping: byteCount &+ $0) } }

  /// The CRC-64 of the snapshot.
  ///
  /// - Parameters:
  ///   - all: The CRC-64 of all bytes from the first of the input on.
  ///   - byteCount: The number of these bytes.
  func checksum(ofSnapshotIn all: UInt64, byteCount: UInt64) -> UInt64 {
    if self.byteCount == 0 { return all }
    return all ^ CRC64.combine(checksum, 0, secondByteCount: byteCount - self.byteCount)
  }

  /// The parts as phrases: `2 newlines`.
  package var phrases: [String] {
    var phrases: [String] = []
    if let resync { phrases.append("the reply \(printable(resync)) of a replication link") }
    if newlineByteCount > 0 { phrases.append(counted(newlineByteCount, "newline")) }
    if let announcedByteCount { phrases.append("the length of a transfer (\(announcedByteCount) bytes)") }
    if let mark { phrases.append("the mark of a diskless transfer (\(printable(mark)))") }
    return phrases
  }
}

extension SnapshotHead {
  /// The longest line before a snapshot, in bytes.
  private static var lineLimit: Int { 256 }
  /// The largest number of line ends. A server sends one per second.
  private static var newlineLimit: UInt64 { 1 << 16 }

  /// Reads the next part.
  ///
  /// - Returns: Whether there was one; `false` if the next byte is none of these parts'.
  /// - Throws: ``RDBError``: the input ends, or a part is wrong.
  @_lifetime(cursor: copy cursor)
  mutating func readPart(_ cursor: inout ByteCursor) throws(RDBError) -> Bool {
    if isComplete { return false }
    let start = cursor.position
    let first = try cursor.byte()
    switch first {
    case 10, 13:
      newlineByteCount += 1
      guard newlineByteCount <= Self.newlineLimit else { return notThere(&cursor, start) }
    case UInt8(ascii: "+") where resync == nil:
      let line = try Self.line(&cursor)
      guard let line, line.starts(with: "FULLRESYNC ".utf8) else { return notThere(&cursor, start) }
      resync = Array("+".utf8) + line
    case UInt8(ascii: "$"):
      guard let line = try Self.line(&cursor) else { return notThere(&cursor, start) }
      switch TransferHeader(line) {
      case .byteCount(let count): announcedByteCount = count
      case .mark(let bytes): mark = bytes
      case nil: return notThere(&cursor, start)
      }
    default: return notThere(&cursor, start)
    }
    var crc = CRC64(value: checksum)
    crc.update(cursor.bytes.extracting(start..<cursor.position))
    checksum = crc.value
    byteCount += UInt64(cursor.position - start)
    return true
  }

  @_lifetime(cursor: copy cursor)
  private func notThere(_ cursor: inout ByteCursor, _ start: Int) -> Bool {
    cursor.position = start
    return false
  }

  /// Reads the rest of a line that ends with `\r\n`; `nil`: it is too long, or has another end.
  @_lifetime(cursor: copy cursor)
  private static func line(_ cursor: inout ByteCursor) throws(RDBError) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      let byte = try cursor.byte()
      if byte == 13 { return try cursor.byte() == 10 ? line : nil }
      if byte == 10 || line.count == lineLimit { return nil }
      line.append(byte)
    }
  }
}
