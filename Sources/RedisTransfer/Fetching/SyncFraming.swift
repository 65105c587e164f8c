import RDB
import RDBSupport

/// The bytes that follow the reply to PSYNC or SYNC: a snapshot with its length before it, or a mark before and after it.
///
///     \n …                        while the server saves
///     $<length>\r\n               before a snapshot of that many bytes, or
///     $EOF:<40 bytes>\r\n         before a snapshot that ends with the same 40 bytes
///
/// The framing has no I/O. Its owner gives it what arrives, cut anywhere, and writes the payload that each
/// ``Part`` names. The framing keeps no payload: bytes at the end of a chunk that begin a mark are known from the mark.
///
/// Source: `readSyncBulkPayload` in Redis `src/replication.c`.
package struct SyncFraming: Sendable {
  /// The part of the payload that a chunk adds.
  package struct Part: Hashable, Sendable {
    /// Bytes of the payload from earlier chunks, at most 39, before those of ``range``. They could have been the mark.
    package var heldBytes: [UInt8] = []
    /// The indexes of the payload in the chunk.
    package var range: Range<Int>
    /// The number of bytes of the chunk that belong to the framing. The bytes after them follow the snapshot.
    package var consumedByteCount: Int
  }

  private enum State: Sendable {
    /// Before the first byte of the line.
    case newlines
    /// In the line before the snapshot, which holds the bytes so far.
    case line([UInt8])
    case counted(remaining: UInt64)
    /// Before the end of the mark. The last bytes, `heldCount` of them, are equal to the beginning of the mark.
    case marked(MarkSearch, heldCount: Int)
    case complete
  }

  /// The longest line before a snapshot, in bytes. Only an error is longer than 46 bytes.
  private static let lineLimit = 1024

  private var state = State.newlines
  private var newlineCount: UInt32 = 0

  /// The number of bytes taken, from the first one after the reply on.
  package private(set) var offset: UInt64 = 0
  /// The number of bytes of the payload so far.
  package private(set) var payloadByteCount: UInt64 = 0
  /// The size of the snapshot, in bytes; `nil` as long as it is unknown.
  package private(set) var totalByteCount: UInt64?

  package init() {}

  /// Whether the whole snapshot has arrived.
  package var isComplete: Bool {
    if case .complete = state { return true }
    return false
  }

  /// Whether the end is found by a mark. A master then sends no commands before the first
  /// ``ReplicationPosition/acknowledgement``.
  package private(set) var endsWithMark = false

  /// Takes the next bytes.
  ///
  /// - Returns: The part of the payload that they add. Of a chunk after the end, no byte is consumed.
  /// - Throws: ``SyncFramingError``. The connection must then be closed.
  /// - Complexity: O(*n*) for a chunk of *n* bytes.
  package mutating func receive(_ chunk: RawSpan) throws(SyncFramingError) -> Part {
    let start = try receiveHeader(chunk)
    var part = Part(range: start..<start, consumedByteCount: start)
    switch state {
    case .newlines, .line, .complete: return part
    case .counted(let remaining):
      let count = Int(min(remaining, UInt64(chunk.byteCount - start)))
      part.range = start..<(start + count)
      part.consumedByteCount = start + count
      state = remaining == UInt64(count) ? .complete : .counted(remaining: remaining - UInt64(count))
    case .marked(let search, let heldCount):
      let (found, newHeldCount) = search.search(chunk, from: start, heldCount: heldCount)
      part = found
      if let newHeldCount {
        state = .marked(search, heldCount: newHeldCount)
      } else {
        state = .complete
      }
    }
    offset += UInt64(part.consumedByteCount - start)
    payloadByteCount += UInt64(part.heldBytes.count + part.range.count)
    if isComplete { totalByteCount = payloadByteCount }
    return part
  }

  /// Checks that the snapshot is complete when the connection ends.
  ///
  /// - Throws: ``SyncFramingError`` (`truncated`).
  package func finish() throws(SyncFramingError) {
    let rest: String
    switch state {
    case .complete: return
    case .newlines, .line: rest = "a snapshot"
    case .counted(let remaining): rest = "\(counted(remaining, "more byte")) of the snapshot"
    case .marked: rest = "the mark that ends the snapshot"
    }
    throw SyncFramingError(.truncated, at: offset, expected: rest, found: "the end of the connection")
  }

  // MARK: The line before the snapshot

  /// Takes the bytes before the snapshot, and returns their number in this chunk.
  private mutating func receiveHeader(_ chunk: RawSpan) throws(SyncFramingError) -> Int {
    for index in 0..<chunk.byteCount {
      let byte = chunk.byte(at: index)
      switch state {
      case .newlines where byte == 10:
        newlineCount += 1
        guard newlineCount <= SyncHandshake.newlineLimit else {
          throw SyncFramingError(
            .tooManyNewlines, at: offset, expected: "at most \(SyncHandshake.newlineLimit) newlines", found: "another")
        }
      case .newlines:
        guard byte == UInt8(ascii: "$") || byte == UInt8(ascii: "-") else {
          throw SyncFramingError(
            .unexpectedByte, at: offset, expected: "\"$\" before the snapshot", found: printable([byte]))
        }
        state = .line([byte])
      case .line(var line):
        // The line must not be shared, or each byte would copy it.
        state = .newlines
        let isOver = try append(byte, to: &line)
        state = .line(line)
        if isOver { try begin(line) }
      case .counted, .marked, .complete: return index
      }
      offset += 1
    }
    return chunk.byteCount
  }

  /// Appends a byte to the line. Returns whether the byte ends it.
  private func append(_ byte: UInt8, to line: inout [UInt8]) throws(SyncFramingError) -> Bool {
    line.append(byte)
    guard line.count <= Self.lineLimit else {
      throw SyncFramingError(
        .lineTooLong, at: offset, expected: "a line of at most \(Self.lineLimit) bytes", found: "a longer one")
    }
    let previous = line[line.count - 2]
    guard (byte == 10) == (previous == 13) else {
      throw SyncFramingError(
        .badLineEnd, at: offset, expected: #""\r\n" at the end of the line"#, found: printable([previous, byte]))
    }
    return byte == 10
  }

  /// Begins the snapshot after its line. ``offset`` is that of the line's last byte.
  private mutating func begin(_ line: [UInt8]) throws(SyncFramingError) {
    let text = line.dropFirst().dropLast(2)
    let start = offset + 1 - UInt64(line.count)
    if line[0] == UInt8(ascii: "-") {
      let error = ServerError(Array(text))
      throw SyncFramingError(.refused(error), at: start, expected: "a snapshot", found: "an error")
    }
    switch TransferHeader(text) {
    case .byteCount(let count) where count > 0:
      totalByteCount = count
      state = .counted(remaining: count)
    case .mark(let mark):
      endsWithMark = true
      state = .marked(MarkSearch(mark), heldCount: 0)
    case .byteCount, nil:
      if text.starts(with: "EOF:".utf8) {
        throw SyncFramingError(
          .badMark, at: start + 5, expected: "a mark of \(TransferHeader.markByteCount) bytes",
          found: "\(text.count - 4)")
      }
      throw SyncFramingError(
        .badLength, at: start + 1, expected: "a length above 0 of at most \(TransferHeader.digitLimit) digits",
        found: printable(text, limit: 32))
    }
  }
}
