import RDB
import RDBFormat

/// A record of a damaged snapshot as it was read: a key, or opcodes between two keys.
struct ScannedRecord: Sendable {
  /// The properties of a key.
  struct Key: Sendable {
    var type: ValueType
    /// The first bytes of the name.
    var name: [UInt8] = []
    /// The size of the whole name, in bytes.
    var nameByteCount = 0
    /// The offset of the value's first byte.
    var valueStart: UInt64 = 0
    var expiry: UnixMilliseconds?
    var idleSeconds: UInt64?
    var frequency: UInt8?
    /// The number of the value's elements, if it is known.
    var elementCount: UInt64?
    /// Whether the value belongs to a module whose ID has nine characters, as all have.
    var hasNamedModule = false

    /// Whether the value is a hash whose fields without expiry are stored as strings are.
    var hasLookalikes: Bool { type == .hashMetadata || type == .hashMetadataPreGA }
  }

  /// The offset of the first byte.
  var start: UInt64
  /// The offset after the last byte; for the key at a fault, that of its value.
  var end: UInt64
  /// The number of the database that the record is in.
  var database: UInt64
  /// The key; `nil`: opcodes.
  var key: Key?
  /// How much opcodes show that the snapshot is read correctly, in bits; see ``Evidence``.
  var opcodeBits = 0

  /// Whether this is a string without attributes.
  var isPlainString: Bool {
    guard let key else { return false }
    return key.type == .string && key.expiry == nil && key.idleSeconds == nil && key.frequency == nil
  }

  /// The number of a name's bytes that are kept.
  static let nameLimit = 512
}

/// Reads records and keeps the last ones: the main reading of a damaged snapshot, and each trial of an offset where one
/// may begin.
///
/// Values are decoded as a check. Some data that a reader takes, but no server writes, counts as damage here.
struct RecordLog: SelectiveSink {
  static var events: SinkEvents {
    [.beginKey, .endKey, .databaseSize, .aux, .functionLibrary, .moduleAux, .slots, .finding]
  }

  /// The last records, the oldest first.
  private(set) var records: [ScannedRecord] = []
  /// The number of records that are kept at least.
  private let recordLimit: Int
  /// The key whose value is being read.
  private(set) var open: ScannedRecord?
  /// Whether RESIZEDB was read.
  private var hasDatabaseSize = false
  /// The database in which a key has an empty name.
  private var namelessDatabase: UInt64?
  /// The offset of module data that was begun, if nothing follows it so far.
  private(set) var moduleAuxStart: UInt64?
  /// The offset after the last key.
  private(set) var end: UInt64
  /// The last hash whose fields without expiry look like strings, and the number of strings after it, if only strings follow.
  private(set) var lookalikeRun: (hash: ScannedRecord, stringCount: UInt64)?
  /// The largest number of fields of a hash whose fields without expiry look like strings.
  private(set) var largestFieldCount: UInt64 = 0
  /// The number of keys so far, and of those among them that expire.
  private(set) var keyCount: UInt64 = 0
  private(set) var expiringCount: UInt64 = 0
  /// The number of the current database.
  private var database: UInt64
  /// The size of the input: a database cannot have more keys.
  private let inputByteCount: UInt64
  private let header: SnapshotHeader
  /// The names of the first keys.
  private(set) var firstNames: [[UInt8]] = []
  /// Whether reading stops after a record; asked for each.
  private let isEnough: (ScannedRecord) throws(RDBError) -> Bool

  /// - Parameters:
  ///   - start: The offset of the first record.
  ///   - context: The knowledge from earlier records.
  ///   - keeping: The number of records that are kept at least.
  ///   - inputByteCount: The size of the input, in bytes.
  ///   - isEnough: Whether reading stops after a record.
  init(
    from start: UInt64, _ context: RecordContext, keeping recordLimit: Int, inputByteCount: UInt64,
    until isEnough: @escaping (ScannedRecord) throws(RDBError) -> Bool = { _ throws(RDBError) in false }
  ) {
    end = start
    (header, database) = (context.header, context.database)
    self.recordLimit = recordLimit
    self.inputByteCount = inputByteCount
    self.isEnough = isEnough
    records.reserveCapacity(2 * recordLimit)
  }

  private mutating func append(_ record: ScannedRecord) throws(RDBError) {
    if records.count >= 2 * recordLimit { records.removeFirst(records.count - recordLimit) }
    records.append(record)
    if try isEnough(record) { throw .stop }
  }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    var description = ScannedRecord.Key(type: key.storedType)
    description.name = [UInt8](key.name.extracting(first: ScannedRecord.nameLimit))
    description.nameByteCount = key.name.byteCount
    description.valueStart = UInt64(key.valueOffset)
    description.hasNamedModule = key.module.map { $0.rawValue >> 32 != 0 } ?? false
    (description.expiry, description.idleSeconds, description.frequency) = (key.expiry, key.idleSeconds, key.frequency)
    database = key.database
    open = ScannedRecord(
      start: UInt64(key.offset), end: UInt64(key.valueOffset), database: key.database, key: description)
    moduleAuxStart = nil
    if key.name.byteCount == 0 {
      // Zeros and other garbage give many such names.
      if namelessDatabase == key.database { throw damage("another name", "an empty name again", at: key.offset) }
      namelessDatabase = key.database
    }
    if !isExpected(key.storedType) {
      throw damage("a value type of the header's version", key.storedType.name, at: key.offset)
    }
    return .validate
  }

  private func isExpected(_ type: ValueType) -> Bool { type.row.since <= header.version }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    guard var record = open else { return }
    record.end += end.storedByteCount
    record.key?.elementCount = end.elementCount
    open = nil
    self.end = record.end
    keyCount += 1
    if firstNames.count < SalvageReport.Neighbours.nextLimit, let name = record.key?.name { firstNames.append(name) }
    if record.key?.expiry != nil { expiringCount += 1 }
    if record.key?.hasLookalikes ?? false {
      largestFieldCount = max(largestFieldCount, end.elementCount ?? 0)
      lookalikeRun = (record, 0)
    } else if record.isPlainString {
      lookalikeRun?.stringCount += 1
    } else {
      lookalikeRun = nil
    }
    try append(record)
  }

  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    if keys > inputByteCount || expiring > keys {
      throw damage("the numbers of a database's keys", "\(keys) and \(expiring)", at: Int(clamping: end))
    }
    self.database = database
    hasDatabaseSize = true
    try opcode(8)
  }

  mutating func aux(_ field: borrowing AuxField) throws(RDBError) {
    try opcode(Evidence.bits(ofAux: field))
    if keyCount == 0, !hasDatabaseSize { end = UInt64(field.endOffset) }
  }

  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    try opcode(library.code.starts(with: "#!".utf8) ? 40 : 4)
    if keyCount == 0, !hasDatabaseSize { end = UInt64(library.endOffset) }
  }

  mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool {
    try opcode(8)
    moduleAuxStart = UInt64(aux.offset)
    return false
  }

  mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) { try opcode(4) }

  mutating func finding(_ finding: borrowing Finding) throws(RDBError) {
    switch finding.kind {
    case .databaseNumber, .sizeHint, .newerType, .emptyKey, .idleTime, .intsetOrder, .streamNodeCounts:
      throw damage(finding.expected, finding.found, at: finding.offset)
    default: break
    }
  }

  private mutating func opcode(_ bits: Int) throws(RDBError) {
    moduleAuxStart = nil
    try append(ScannedRecord(start: end, end: end, database: database, key: nil, opcodeBits: bits))
  }

  private func damage(_ expected: String, _ found: String, at offset: Int) -> RDBError {
    RDBError(
      .corruptOpcode, at: offset, expected: expected, found: found, key: open?.key?.name, database: open?.database,
      valueType: open?.key?.type.name)
  }
}
