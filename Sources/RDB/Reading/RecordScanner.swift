package import RDBFormat

/// The knowledge that the records of a snapshot need from the records before them.
package struct RecordContext: Sendable {
  var state: ParserState

  /// Creates the knowledge at the first record after a header.
  package init(header: SnapshotHeader) {
    state = ParserState()
    state.header = header
    state.phase = .records
  }

  /// The vendor and version of the snapshot.
  package var header: SnapshotHeader { state.header }

  /// The number of the current database.
  package var database: UInt64 {
    get { state.database }
    set { state.database = newValue }
  }

  /// The server that wrote the snapshot, if it extends the files of Redis and an earlier record tells so.
  package var dialect: Dialect? {
    get { state.dialect }
    set { state.dialect = newValue }
  }
}

/// A reader that can begin at any offset of a snapshot where a record begins, or may begin.
///
/// It computes no checksum, and does not know whether a record begins at the offset: garbage gives an error, or false
/// records. For reading damaged snapshots.
package struct RecordScanner: ~Copyable {
  private var reader: RDBReader
  private let source: OffsetSource

  /// Creates a scanner.
  ///
  /// - Parameters:
  ///   - source: A source that can seek. Its position stays.
  ///   - options: Limits and exceptions for reading. The checksum is always ignored, and records must be whole: no other
  ///     record lies between an expiry and its key.
  package init(_ source: any ByteSource, options: RDBReader.Options) {
    var options = options
    options.ignoresChecksum = true
    options.parser.refusesSplitRecords = true
    self.source = OffsetSource(source)
    reader = RDBReader(self.source, options: options, offset: 0)
  }

  /// Continues at `offset`.
  ///
  /// - Parameter limit: The offset at which the input seems to end.
  package mutating func move(to offset: UInt64, _ context: RecordContext, limit: UInt64 = .max) {
    source.move(to: offset, end: limit)
    reader.window.restart(at: Int(clamping: offset))
    var state = context.state
    state.phase = .records
    state.returnToBoundary()
    // A new parser has nothing left of the value in which the last reading ended.
    reader.parser = RDBParser(state: state, options: reader.options.parser)
  }

  /// Reads records up to and including the EOF opcode.
  ///
  /// - Throws: ``RDBError``, also the error that ends the reading (`stop`) if the sink throws it.
  package mutating func read<S: RDBSink & ~Copyable>(into sink: inout S) throws(RDBError) {
    _ = try reader.readRecords(into: &sink, until: .end)
  }

  /// The offset of the first byte that belongs to no event so far.
  ///
  /// After an error before a key was announced, or between two records, it is the offset of the next record.
  package var offset: UInt64 { UInt64(reader.window.offset) }

  /// The knowledge after the records read so far.
  package var context: RecordContext {
    var context = RecordContext(header: reader.parser.state.header)
    context.state = reader.parser.state
    context.state.phase = .records
    context.state.returnToBoundary()
    return context
  }

  /// The number of bytes of the source that were read so far.
  package var readByteCount: UInt64 { source.readByteCount }
}

/// A source that reads a range of another source. The range can change.
private final class OffsetSource: ByteSource {
  private let base: any ByteSource
  private var position: UInt64 = 0
  private var end: UInt64 = .max
  private(set) var readByteCount: UInt64 = 0

  init(_ base: any ByteSource) { self.base = base }

  var totalByteCount: UInt64? { base.totalByteCount }
  var canSeek: Bool { base.canSeek }

  func move(to position: UInt64, end: UInt64) { (self.position, self.end) = (position, end) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let most = Int(clamping: min(UInt64(buffer.count), end - min(end, position)))
    if most == 0 { return 0 }
    let count = try base.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<most]))
    position += UInt64(count)
    readByteCount += UInt64(count)
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try base.read(at: offset, into: buffer)
  }
}
