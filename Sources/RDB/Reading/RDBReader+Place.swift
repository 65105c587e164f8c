import RDBFormat

/// Where a key's record stands in a snapshot.
public struct KeyPlace: Hashable, Sendable {
  public var database: UInt64
  /// The file offset of the record's first byte (``KeyHeader/offset``).
  public var offset: UInt64

  public init(database: UInt64, offset: UInt64) { (self.database, self.offset) = (database, offset) }
}

extension RDBReader {
  /// Reads from a key on whose place is known, without what lies before it.
  ///
  /// Nothing but keys is announced unless it stands behind the place; the checksum is not computed. The
  /// fields in front of the first key are read again: hash templates (Redis ≥ 8.10) stand there, and the
  /// vendor and version decide what the bytes mean.
  ///
  /// - Parameters:
  ///   - source: Can seek; its read position does not matter, and stays.
  ///   - place: If no record begins there, the bytes are read as one nonetheless: compare the name.
  /// - Throws: ``RDBError`` if the input does not begin like a snapshot.
  public init(_ source: any ByteSource, at place: KeyPlace, options: Options = Options()) throws {
    precondition(source.canSeek)
    var options = options
    options.ignoresChecksum = true
    var start = RDBReader(AheadSource(source, from: 0), options: options)
    var sink = StopAtFirstKey()
    try start.read(into: &sink)
    self.init(AheadSource(source, from: place.offset), options: options, offset: Int(clamping: place.offset))
    parser.resume(from: start.parser.state)
    parser.state.database = place.database
    parser.state.returnToBoundary()
  }
}

/// Ends the reading in front of the first key.
private struct StopAtFirstKey: SelectiveSink {
  static var events: SinkEvents { .beginKey }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { throw .stop }
}
