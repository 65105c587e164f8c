public import RDB
public import RDBFormat
import RDBSupport

/// A sink that writes the keys that it gets as a snapshot, for one release of a server.
///
/// A value that the release can load is copied as it is stored, after its structure was validated. Another value is
/// encoded again from its elements as the release would store it. Data that the release cannot hold is listed in the
/// ledger of the summary.
///
/// With ``SnapshotWritingOptions/init(copying:)``, a snapshot that is read without a filter is copied byte for byte.
/// Inside a filter (`ForwardingSink`), the keys that pass keep their stored form, and a key whose header a filter
/// changed gets a new header before its stored value.
///
/// The output does not depend on the number of workers. ``SnapshotDestination`` adds the header and the end.
public struct SnapshotWritingSink: OutputSink, ~Copyable {
  let options: SnapshotWritingOptions
  var writer: RDBWriter
  private var separators: Separators
  /// The types whose values are written as stored.
  let storable: ValueTypeSet
  private let storedInterest: Interest
  package var summary = SnapshotWritingSummary()

  var key = KeyState()
  /// The name of the current key.
  var name: [UInt8] = []
  /// The stored bytes of the current key before its value; empty if they are not used.
  private var prefix: [UInt8] = []
  var elements = HeldElements()
  private var isModuleAux = false

  /// The database of the last key, and the database that it goes into.
  private var lastDatabase: UInt64?
  private var targetDatabase: UInt64 = 0

  /// The state of the current key.
  struct KeyState {
    /// The form in which the value is written.
    enum Form { case none, stored, elements }

    var form = Form.none
    var type = ValueType.string
    var module: ModuleID?
    var attributes = KeyAttributes()
    var offset = 0
  }

  /// Creates a sink.
  ///
  /// - Parameters:
  ///   - options: The snapshot to write; the same options as those of the ``SnapshotDestination``.
  ///   - destination: The destination of the records.
  public init(_ options: SnapshotWritingOptions, to destination: any ByteDestination) {
    self.options = options
    writer = RDBWriter(
      recordsOf: options.header, to: destination, compressor: options.compressor?(), capacity: 512 << 10)
    separators = Separators(to: destination) { (previous, next) throws(RDBError) in
      previous == next ? [] : RDBWriter.selectDatabase(UInt64(truncatingIfNeeded: next))
    }
    storable = ValueTypeSet(
      ValueType.allCases.filter {
        $0.isSelfContained && !options.sanitizes && (options.isCopy || options.server.canLoad($0))
      })
    storedInterest = options.validatesStored ? .validatedStored(atMost: .max) : .stored
  }

  public mutating func endBatch() throws { try separators.endBatch(&writer.output) }

  /// Writes all buffered bytes to the destination, between two records.
  mutating func flushRecords() throws { try writer.flush() }

  /// The number of bytes written so far.
  var byteCount: UInt64 { writer.byteCount }

  public consuming func finish() throws -> SnapshotWritingSummary {
    try writer.flush()
    return summary
  }

  /// Selects the database of the output for the records that follow.
  mutating func select(_ database: UInt64) throws {
    if database != lastDatabase {
      lastDatabase = database
      targetDatabase = options.databaseMap[database] ?? database
    }
    if options.selectsDatabases, separators.state != Separators.State(targetDatabase) {
      try separators.advance(to: Separators.State(targetDatabase), in: &writer.output)
    }
  }

  // MARK: Keys

  public mutating func beginKey(_ header: borrowing KeyHeader) throws -> Interest {
    summary.ledger.keysRead += 1
    if header.database != lastDatabase {
      summary.sources[options.databaseMap[header.database] ?? header.database, default: []].insert(header.database)
    }
    try select(header.database)
    header.name.copy(to: &name)
    header.storedPrefix.copy(to: &prefix)
    key = KeyState()
    key.type = header.storedType
    key.module = header.module
    key.offset = header.offset
    key.attributes = KeyAttributes(
      expiry: header.expiry, idleSeconds: header.idleSeconds, frequency: header.frequency)
    if header.metadata.byteCount > 0 { header.metadata.copy(to: &key.attributes.metadata) }
    return storable.contains(header.storedType) ? storedInterest : .elements
  }

  /// Lists the key as lost.
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws {
    summary.ledger.loseDamaged(key, error)
  }

  /// Writes the key's header.
  public mutating func beginStored(byteCount: UInt64) throws {
    if isModuleAux { return }
    key.form = .stored
    // A copy shares the bytes: the writer's access to `self` would overlap with that to the property.
    let (name, prefix) = (name, prefix)
    if !prefix.isEmpty { return try writer.beginStored(prefix: prefix.span.bytes) }
    try writer.beginStored(name.span.bytes, key.type, key.attributes, module: key.module)
  }

  /// Writes a part of the value.
  public mutating func stored(_ chunk: RawSpan) throws { try writer.stored(chunk) }

  /// Ends the value.
  public mutating func endStored() throws {
    if isModuleAux {
      isModuleAux = false
      return try writer.endModuleAux()
    }
    try writer.endKey()
    summary.ledger.keysWritten += 1
  }

  /// Asks for the bytes of the module.
  public mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    try writer.beginModuleAux(aux)
    isModuleAux = true
    return true
  }

  /// Ends a key whose value arrived as elements.
  public mutating func endKey(_ end: KeyEnd) throws {
    guard key.form == .elements else { return }
    let name = name
    try elements.write(name.span.bytes, key.type.data, key.attributes, to: &writer)
    summary.ledger.keysWritten += 1
  }
}

extension RawSpan {
  /// Replaces the content of `array`.
  func copy(to array: inout [UInt8]) {
    array.removeAll(keepingCapacity: true)
    array.append(self)
  }
}
