import RDBFormat

// Long strings, each read by the worker that turns it into output.
//
// The head of a record that holds one string tells where the record ends. A worker takes the bytes that the window
// holds of a long record, the input skips the rest, and the worker reads the rest itself while others continue after
// it.

extension RDBReader {
  /// Whether a worker may read the record at the start of the window, of which `missing` bytes are not in the window.
  ///
  /// The parser has just tried to step over the record.
  func canHandOver(missing: UInt64) -> Bool {
    guard parser.isSteppingOver, parser.state.phase == .value, !parser.state.value.mayHaveMemberExpiries,
      parser.state.value.type.isOneString,
      source.shared != nil, window.canBeHandedOver, let left = window.left(of: source)
    else { return false }
    return missing <= left
  }

  /// Exchanges windows with `worker`, and skips the `missing` bytes that the worker reads.
  mutating func handOver(missing: UInt64, to worker: inout BatchMemory) throws(RDBError) {
    swap(&window, &worker.reader.window)
    let start = UInt64(worker.reader.window.endOffset)
    worker.record.select(start..<start + missing)
    do { try source.shared?.skip(missing) } catch { throw RDBError.transfer("skip", error, at: Int(clamping: start)) }
    window.restart(at: Int(start + missing))
    progress.update(window.offset)
  }
}

/// The memory of a worker: a buffer for batches, and a reader for long records.
@usableFromInline
struct BatchMemory: ~Copyable {
  @usableFromInline var batch = BatchBuffer(capacity: 64)
  fileprivate let record: RangeSource
  @usableFromInline var reader: RDBReader

  @usableFromInline init(of reader: borrowing RDBReader) {
    record = RangeSource(of: reader.source)
    self.reader = RDBReader(record, options: reader.options)
  }

  /// Reads the record that was handed over: from the window, and then from the source.
  @inlinable
  mutating func readLongRecord<S: RDBSink & ~Copyable>(after state: ParserState, into sink: inout S)
    throws(RDBError) -> InputChecksum
  {
    reader.parser.resume(from: state)
    let start = reader.beginChecksum()
    try reader.readRecords(into: &sink, until: .betweenRecords)
    try checkEnd()
    return reader.endChecksum(from: start)
  }

  /// Throws if the record was shorter than its head says.
  @usableFromInline func checkEnd() throws(RDBError) {
    let left = record.end - UInt64(reader.window.offset)
    if left > 0 { throw .truncated(at: reader.window.offset, expected: left, found: 0) }
  }
}

/// A range of another source.
private final class RangeSource: ByteSource {
  private let base: any ByteSource
  private var position: UInt64 = 0
  private(set) var end: UInt64 = 0

  init(of base: any ByteSource) { self.base = base }

  var totalByteCount: UInt64? { base.totalByteCount }
  var canSeek: Bool { base.canSeek }

  func select(_ range: Range<UInt64>) { (position, end) = (range.lowerBound, range.upperBound) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let most = Int(clamping: min(UInt64(buffer.count), end - position))
    if most == 0 { return 0 }
    let count = try base.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<most]))
    position += UInt64(count)
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try base.read(at: offset, into: buffer)
  }
}
