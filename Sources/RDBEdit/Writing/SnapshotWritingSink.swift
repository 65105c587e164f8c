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
/// changed gets a new header before its stored value. A filter that leaves out elements must announce the collection
/// without a number of elements (`ElementsHeader/count`).
///
/// The output does not depend on the number of workers. ``SnapshotDestination`` adds the header and the end. Memory is
/// bounded: of a large list or stream, or of a collection whose number of elements is not known, 4 MiB wait in memory and
/// the rest in a temporary file.
public struct SnapshotWritingSink: OutputSink, ~Copyable {
  let options: SnapshotWritingOptions
  let limits: EncodingLimits
  let isOffered: Offered
  var writer: RDBWriter
  private var separators: Separators
  /// The types whose values are written as stored.
  private let storable: ValueTypeSet
  private let storedInterest: Interest
  package var summary = SnapshotWritingSummary()

  var key = KeyState()
  /// The name of the current key.
  private var nameBytes = ByteBuffer(capacity: 64)
  /// The stored bytes of the current key before its value; empty if they are not used.
  private var prefix = ByteBuffer(capacity: 128)
  var elements = HeldElements()
  /// The open node of a list.
  var node: PackedBuilder
  var stream = StreamState()
  var isModuleAux = false
  private var notes = Notes()

  /// The database of the last key, and the database that it goes into.
  private var lastDatabase: UInt64?
  private var targetDatabase: UInt64 = 0

  /// The state of the current key.
  struct KeyState {
    /// The form in which the value is written.
    enum Form {
      /// Nothing is written yet.
      case none
      /// As it is stored.
      case stored
      /// The elements are held.
      case elements
      /// The elements are written as they come.
      case streamed
      /// Not at all: the ledger has the reason.
      case lost
    }

    var form = Form.none
    var type = ValueType.string
    var module: ModuleID?
    var attributes = KeyAttributes()
    var offset = 0
    /// The announced number of elements.
    var count: UInt64?
    var mayExpire = false
    var lostFieldExpiries = LostFieldExpiries()
  }

  /// The features of the release, each looked up once.
  struct Offered {
    let modules, streams, functions, fieldExpiry, keyMetadata, arrays, pathHashes, accessTimes, moduleAux: Bool
    /// Whether expiries have milliseconds: from Redis 2.6 on.
    let milliseconds: Bool

    init(_ options: SnapshotWritingOptions) {
      func has(_ feature: DataFeature) -> Bool { feature.since.isOffered(by: options.server) }
      (modules, streams, functions, fieldExpiry) = (has(.modules), has(.streams), has(.functions), has(.fieldExpiry))
      (keyMetadata, arrays, pathHashes) = (has(.keyMetadata), has(.arrays), has(.pathHashes))
      (accessTimes, moduleAux) = (has(.accessTimes), has(.moduleAux))
      milliseconds = options.header.version >= 3
    }

    func has(_ data: DataType) -> Bool {
      switch data {
      case .string, .list, .set, .zset, .hash: true
      case .stream: streams
      case .module: modules
      case .array: arrays
      case .pathHash: pathHashes
      }
    }
  }

  /// Counts for notes of the ledger that name no keys.
  private struct Notes {
    var idle: UInt64 = 0
    var frequency: UInt64 = 0
    var roundedExpiries: UInt64 = 0
  }

  /// Creates a sink.
  ///
  /// - Parameters:
  ///   - options: The snapshot to write; the same options as those of the ``SnapshotDestination``.
  ///   - destination: The destination of the records.
  public init(_ options: SnapshotWritingOptions, to destination: any ByteDestination) {
    self.options = options
    limits = options.limits
    isOffered = Offered(options)
    writer = RDBWriter(
      recordsOf: options.header, to: destination, compressor: options.compressor?(), capacity: 512 << 10)
    node = PackedBuilder(version: options.header.version)
    separators = Separators(to: destination) { (previous, next) throws(RDBError) in
      previous == next ? [] : RDBWriter.selectDatabase(UInt64(truncatingIfNeeded: next))
    }
    storable = ValueTypeSet(
      ValueType.allCases.filter {
        $0.isSelfContained && !options.sanitizes && (options.isCopy || options.server.canLoad($0))
      })
    storedInterest = options.validatesStored ? .validatedStored(atMost: .max) : .stored
  }

  public mutating func endBatch() throws {
    writer.abandonValue()
    try separators.endBatch(&writer.output)
  }

  /// Writes all buffered bytes to the destination, between two records.
  mutating func flushRecords() throws { try writer.flush() }

  /// The number of bytes written so far.
  var byteCount: UInt64 { writer.byteCount }

  public consuming func finish() throws -> SnapshotWritingSummary {
    try writer.flush()
    let rows: [(UInt64, String)] = [
      (notes.idle, "idle times, which need \(DataFeature.accessTimes.since.neededServer)"),
      (notes.frequency, "access frequencies, which need \(DataFeature.accessTimes.since.neededServer)"),
      (notes.roundedExpiries, "expiries rounded up to a second, because the target has no milliseconds"),
    ]
    for (count, what) in rows where count > 0 { summary.ledger.note(what, count: count) }
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

  /// Announces a key, and asks for its value as stored if the release can load it.
  public mutating func beginKey(_ header: borrowing KeyHeader) throws -> Interest {
    summary.ledger.keysRead &+= 1
    nameBytes.removeAll()
    nameBytes.append(header.name)
    key = KeyState()
    key.type = header.storedType
    key.offset = header.offset
    guard options.isCopy || isOffered.has(header.type) else {
      key.form = .lost
      lose(.key, DataFeature(of: header.type)?.missingReason(for: header.type) ?? "")
      return .skip
    }
    if header.database != lastDatabase {
      summary.sources[options.databaseMap[header.database] ?? header.database, default: []].insert(header.database)
    }
    try select(header.database)
    key.module = header.module
    setAttributes(header)
    guard storable.contains(header.storedType) else {
      if header.type == .module { try beginModule() }
      return .elements
    }
    return storedInterest
  }

  /// Takes over the attributes that the release can hold, and the stored bytes before the value if they have no others.
  private mutating func setAttributes(_ header: borrowing KeyHeader) {
    key.attributes.expiry = header.expiry
    key.attributes.idleSeconds = header.idleSeconds
    key.attributes.frequency = header.frequency
    if header.metadata.byteCount > 0 { header.metadata.copy(to: &key.attributes.metadata) }
    var keepsPrefix = !options.sanitizes
    if !options.isCopy { keepsPrefix = adaptAttributes() && keepsPrefix }
    prefix.removeAll()
    if keepsPrefix { prefix.append(header.storedPrefix) }
  }

  /// Leaves out the attributes that the release cannot hold.
  ///
  /// - Returns: Whether it can hold all of them.
  private mutating func adaptAttributes() -> Bool {
    var holdsAll = true
    if !isOffered.accessTimes {
      if key.attributes.idleSeconds != nil { notes.idle += 1 }
      if key.attributes.frequency != nil { notes.frequency += 1 }
      if key.attributes.idleSeconds != nil || key.attributes.frequency != nil { holdsAll = false }
      (key.attributes.idleSeconds, key.attributes.frequency) = (nil, nil)
    }
    if !key.attributes.metadata.isEmpty, !isOffered.keyMetadata {
      lose(.moduleAux, "metadata of keys needs \(DataFeature.keyMetadata.since.neededServer)")
      key.attributes.metadata = []
      holdsAll = false
    }
    if !isOffered.milliseconds, let expiry = key.attributes.expiry {
      let seconds = expiry.value > 0 ? (expiry.value - 1) / 1000 + 1 : expiry.value / 1000
      if expiry.value % 1000 != 0 { notes.roundedExpiries += 1 }
      // The format has 32 bits for the seconds.
      key.attributes.expiry = UnixMilliseconds(Int64(Int32(clamping: seconds)) * 1000)
      holdsAll = false
    }
    return holdsAll
  }

  /// Lists the key as lost.
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws {
    summary.ledger.loseDamaged(key, error)
  }

  /// The name of the current key.
  var name: [UInt8] { [UInt8](nameBytes.bytes) }

  /// Lists a part of the current key as lost.
  @inline(never)
  mutating func lose(_ loss: Ledger.Loss, _ why: String, count: UInt64 = 1) {
    summary.ledger.lose(loss, why, count: count, key: name, offset: key.offset)
  }

  // MARK: Stored values

  /// Writes the key's header.
  public mutating func beginStored(byteCount: UInt64) throws {
    if isModuleAux { return }
    key.form = .stored
    if prefix.count > 0 { return try Self.beginStored(prefix, to: &writer) }
    // A copy: the writer's access to `self` would overlap with that to the property.
    let name = name
    try writer.beginStored(name.span.bytes, key.type, key.attributes, module: key.module)
  }

  private static func beginStored(_ prefix: borrowing ByteBuffer, to writer: inout RDBWriter) throws(RDBError) {
    try writer.beginStored(prefix: prefix.bytes)
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
    endWrittenKey()
  }

  /// Counts a key whose value is written.
  mutating func endWrittenKey() { summary.ledger.keysWritten &+= 1 }

  /// Ends a key whose value arrived as elements.
  public mutating func endKey(_ end: KeyEnd) throws {
    switch (key.form, key.type.data) {
    case (.lost, _), (.stored, _), (_, .string): return
    case (_, .stream): try endStream()
    case (_, .list), (_, .set), (_, .zset), (_, .hash): try endCollection()
    case (.streamed, _):
      try writer.endKey()
      endWrittenKey()
    case (_, .array), (_, .pathHash), (_, .module): noteEmptyKey()
    }
  }
}

extension RawSpan {
  /// Replaces the content of `array`.
  func copy(to array: inout [UInt8]) {
    array.removeAll(keepingCapacity: true)
    array.append(self)
  }
}
