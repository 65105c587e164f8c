import RDBFormat
import RDBSupport

/// A source that ends with the snapshot at the beginning of another source, for example of an append-only file.
///
/// A parser reads the same bytes and finds the end. After bytes that it cannot parse, this source goes on to the end of
/// the other source, so that the reader of the snapshot finds the damage itself.
package final class LeadingSnapshotSource: ByteSource {
  private enum State {
    case snapshot
    /// The number of bytes of the checksum that are still to come.
    case checksum(Int)
    /// The number of bytes of the mark that were found.
    case mark(Int)
    case end
    case damage
  }

  private let base: any ByteSource
  private var window = Window(capacity: 64 << 10, computesChecksum: false)
  private var parser: RDBParser
  private var sink = TimeSink()
  private var state = State.snapshot
  /// Bytes that were read and follow the snapshot.
  private var excess: [UInt8] = []
  /// The number of bytes handed out so far; at the end, the size of the snapshot with what a transfer adds to it.
  package private(set) var byteCount: UInt64 = 0
  /// The damage that the parser found.
  package private(set) var damage: RDBError?

  /// - Parameter base: A source whose next byte is the first of the snapshot.
  package init(_ base: any ByteSource, options: RDBReader.Options = RDBReader.Options()) {
    self.base = base
    var options = options.parser
    options.inputByteCount = nil
    parser = RDBParser(options: options)
  }

  package var canSeek: Bool { base.canSeek }

  /// Whether the end of the snapshot was read.
  package var isAtEnd: Bool {
    if case .end = state { return true }
    return false
  }

  /// A source whose first byte follows the snapshot. ``isAtEnd`` must be `true`.
  package var rest: any ByteSource { PrefixedSource(excess, before: base) }

  /// Whether a replication link sent the snapshot.
  package var isTransfer: Bool { parser.state.head.byteCount > 0 }

  /// The time at which the snapshot was written, according to its AUX field `ctime`, in seconds since 1970.
  package var creationSeconds: Int64? { sink.seconds }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if isAtEnd { return 0 }
    let count = try base.read(into: buffer)
    if count == 0, case .mark = state { state = .end }
    let chunk = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    let used = follow(chunk)
    if used < count { excess = [UInt8](chunk.extracting(droppingFirst: used)) }
    byteCount += UInt64(used)
    return used
  }

  package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try base.read(at: offset, into: buffer)
  }

  /// Parses bytes.
  ///
  /// - Returns: The number of those that belong to the snapshot.
  private func follow(_ chunk: RawSpan) -> Int {
    var used = 0
    while used < chunk.byteCount {
      switch state {
      case .snapshot:
        window.append(chunk.extracting(droppingFirst: used))
        guard parse() else { return chunk.byteCount }
        used = chunk.byteCount - window.count
        state = parser.hasChecksum ? .checksum(8) : .mark(0)
      case .checksum(let missing):
        let count = min(missing, chunk.byteCount - used)
        used += count
        state = count == missing ? .mark(0) : .checksum(missing - count)
      case .mark(let found):
        guard let mark = parser.state.head.mark, found < mark.count, mark[found] == chunk.byte(at: used) else {
          state = .end
          continue
        }
        used += 1
        state = .mark(found + 1)
      case .end: return used
      case .damage: return chunk.byteCount
      }
    }
    // What follows the checksum belongs to the snapshot only if a mark was announced.
    if case .mark(let found) = state, found == parser.state.head.mark?.count ?? 0 { state = .end }
    return used
  }

  /// Continues with the bytes of the window, up to the EOF opcode at most.
  ///
  /// - Returns: Whether the opcode was read.
  private func parse() -> Bool {
    do throws(RDBError) {
      while true {
        var consumed = 0
        let want = try parser.parse(window, isFinal: false, into: &sink, consumed: &consumed)
        window.consume(consumed)
        switch want {
        case .end: return true
        case .input: return false
        case .lookahead: throw RDBError(.misplaced, at: window.offset, expected: "a skipped value", found: "another")
        }
      }
    } catch {
      damage = error
      state = .damage
      return false
    }
  }
}

/// Notes the time at which a snapshot was written, and skips its values.
private struct TimeSink: SelectiveSink {
  static var events: SinkEvents { [.aux, .beginKey] }
  var seconds: Int64?

  mutating func aux(_ field: borrowing AuxField) {
    guard [UInt8](field.name).elementsEqual("ctime".utf8) else { return }
    let value = Int64(String(decoding: [UInt8](field.value), as: UTF8.self)) ?? 0
    if value > 0, value < 1 << 50 { seconds = value }
  }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .skip }
}
