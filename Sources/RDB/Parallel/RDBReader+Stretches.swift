import RDBFormat

/// Long strings, each read by the worker that turns it into output.
///
/// Where a record ends says its head, if it is one string. So a record that is longer than a window need
/// not be read by whoever holds the input: a worker takes what the window has of it, the input steps over
/// the rest, and the worker reads that by itself while others go on behind.
extension RDBReader {
  /// Whether the record that begins the window, and lacks `missing` bytes that are only stepped over, may be
  /// left to a worker; the parser has just stepped over it.
  func canHandOn(missing: UInt64) -> Bool {
    guard parser.isSteppingOver, parser.state.phase == .value, parser.state.value.type.isOneString,
      source.canShare, window.canBeHandedOn, let left = window.left(of: source)
    else { return false }
    return missing <= left
  }

  /// Exchanges windows with `worker`, and steps over the `missing` bytes that it reads.
  mutating func handOn(missing: UInt64, to worker: inout RunWorker) throws(RDBError) {
    swap(&window, &worker.reader.window)
    let start = UInt64(worker.reader.window.endOffset)
    worker.stretch.go(to: start..<start + missing)
    try source.skip(missing)
    window.restart(at: Int(start + missing))
    progress.update(window.offset)
  }
}

/// What a worker reads with: a buffer for runs that are given to it, and a reader for what it reads itself.
@usableFromInline
struct RunWorker: ~Copyable {
  @usableFromInline var run = RunBuffer(capacity: 64)
  fileprivate let stretch: StretchSource
  @usableFromInline var reader: RDBReader

  @usableFromInline init(of reader: borrowing RDBReader) {
    stretch = StretchSource(of: reader.source)
    self.reader = RDBReader(stretch, options: reader.options)
  }

  /// Reads the record that was handed on: what the window has of it, and the rest from the source.
  @inlinable
  mutating func readStretch<S: RDBSink & ~Copyable>(after state: ParserState, into sink: inout S)
    throws(RDBError) -> InputPart
  {
    reader.parser.go(to: state)
    let start = reader.beginPart()
    try reader.readRecords(into: &sink, until: .betweenRecords)
    try checkEnd()
    return reader.endPart(from: start)
  }

  /// Throws if the record was shorter than its head said.
  @usableFromInline func checkEnd() throws(RDBError) {
    let left = stretch.end - UInt64(reader.window.offset)
    if left > 0 { throw .truncated(at: reader.window.offset, expected: left, found: 0) }
  }
}

/// A part of another source, read beside it.
private final class StretchSource: ByteSource {
  private let base: any ByteSource
  private var position: UInt64 = 0
  private(set) var end: UInt64 = 0

  init(of base: any ByteSource) { self.base = base }

  var totalByteCount: UInt64? { base.totalByteCount }
  var canSeek: Bool { base.canSeek }

  func go(to range: Range<UInt64>) { (position, end) = (range.lowerBound, range.upperBound) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    let most = Int(clamping: min(UInt64(buffer.count), end - position))
    if most == 0 { return 0 }
    let count = try base.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<most]))
    position += UInt64(count)
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    try base.read(at: offset, into: buffer)
  }
}

extension RDBReader {
  /// Begins the checksum of a part of the input.
  ///
  /// - Returns: The offset where it begins.
  @usableFromInline mutating func beginPart() -> Int {
    window.checksum = CRC64()
    return window.offset
  }

  /// The part from `offset` to where the reader is.
  @usableFromInline func endPart(from offset: Int) -> InputPart {
    InputPart(checksum: window.checksum.value, byteCount: window.offset - offset)
  }

  /// Reads the trailer, where `checksum` is that of all before it.
  @usableFromInline
  mutating func readEnd(behind checksum: UInt64) throws(RDBError) -> SnapshotEnd {
    window.checksum = CRC64(value: checksum)
    return try readEnd()
  }
}
