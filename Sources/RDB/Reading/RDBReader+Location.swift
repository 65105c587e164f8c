import RDBFormat

/// The database of a key, and the offset of its record in a snapshot.
package struct KeyLocation: Hashable, Sendable {
  /// The number of the database.
  package var database: UInt64
  /// The file offset of the record's first byte (``KeyHeader/offset``).
  package var offset: UInt64

  /// Creates a location.
  package init(database: UInt64, offset: UInt64) { (self.database, self.offset) = (database, offset) }
}

extension RDBReader {
  /// Creates a reader that begins with the record of one key.
  ///
  /// The reader skips everything before the record, and does not compute the checksum. It reads the header and the
  /// fields before the first key once, because vendor, version and hash templates (Redis ≥ 8.10) decide the meaning
  /// of the record.
  ///
  /// - Parameters:
  ///   - source: A source that can seek. Its position stays.
  ///   - location: The number of the key's database, and the file offset of its record (``KeyHeader/offset``). The reader does not check that a record begins at the offset: compare the key's
  ///     name.
  ///   - options: Limits and exceptions for reading.
  /// - Throws: ``RDBError`` if the input does not begin like a snapshot.
  public init(
    _ source: any ByteSource, at location: (database: UInt64, offset: UInt64), options: Options = Options()
  ) throws {
    try self.init(
      source, at: KeyLocation(database: location.database, offset: location.offset), options: options)
  }

  /// Creates a reader that begins with the record of one key.
  package init(_ source: any ByteSource, at location: KeyLocation, options: Options = Options()) throws {
    precondition(source.canSeek)
    var options = options
    options.ignoresChecksum = true
    var start = RDBReader(AheadSource(source, from: 0), options: options)
    var sink = StopAtFirstKey()
    try start.read(into: &sink)
    self.init(AheadSource(source, from: location.offset), options: options, offset: Int(clamping: location.offset))
    parser.resume(from: start.parser.state)
    parser.state.database = location.database
    parser.state.returnToBoundary()
  }
}

/// Stops before the first key.
private struct StopAtFirstKey: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { throw .stop }
}
