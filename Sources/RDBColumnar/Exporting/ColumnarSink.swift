import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Writes the keys of a snapshot, and if wanted their elements, as rows of tables.
///
/// There is one sink: rows are added by the thread that reads, and encoded by others.
package struct ColumnarSink: FoldingSink, ~Copyable {
  private let export: DumpExport
  private let wantsValues: Bool
  private var meter: KeyMeter
  private var keys: KeyRows
  var tables: [TableBuffer]
  var summary = ColumnarSummary()

  /// The current key.
  private var name: [UInt8] = []
  private var type = DataType.string
  private var offset: Int64 = 0
  private var database: Int64 = 0
  var module: ModuleID?
  private var metadata: [UInt8] = []
  /// The number of elements of the current list or module so far, or of fields of the current path or stream entry.
  var partCount: Int64 = 0
  /// The insertion cursor of the current array.
  var insertIndex: UInt64?
  /// The path, the ID, or the group, of the current rows.
  var path: [UInt8] = []
  var entry = EntryText()
  /// Whether a path or stream entry has begun that has no row yet.
  var isOpen = false
  /// The stream's numbers, until the key ends.
  var stream = StreamRow()

  init(_ export: DumpExport) {
    self.export = export
    wantsValues = export.options.wantsValues
    meter = KeyMeter(export.options.model)
    keys = KeyRows(export.options.prefixes)
    tables = wantsValues ? TableSchema.elements.map { TableBuffer($0) } : []
  }

  /// Writes the last row groups.
  package consuming func finish() throws -> ColumnarSummary {
    try export.write(0, &keys.buffer)
    for index in tables.indices { try export.write(index + 1, &tables[index]) }
    return summary
  }

  /// A count as a column of 64 bits with a sign holds it.
  static func number(_ value: UInt64, _ what: StaticString) throws(RDBError) -> Int64 {
    guard let number = Int64(exactly: value) else {
      throw RDBError(
        .notRepresentable, at: 0, expected: "\(what) below 2^63, which a column of 64 bits holds", found: "\(value)")
    }
    return number
  }

  // MARK: Keys

  package mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    summary.ledger.keysRead += 1
    name.removeAll(keepingCapacity: true)
    name.append(key.name)
    type = key.type
    offset = Int64(key.offset)
    if database != Int64(bitPattern: key.database) {
      database = try Self.number(key.database, "the number of a database")
    }
    module = key.module
    metadata.removeAll(keepingCapacity: true)
    if key.metadata.byteCount > 0 { metadata.append(key.metadata) }
    let interest = meter.beginKey(key, hashesValue: false)
    partCount = 0
    isOpen = false
    guard wantsValues else { return interest }
    switch type {
    case .string, .module: return .elements
    case .list, .set, .zset, .hash, .stream, .array, .pathHash: return interest
    }
  }

  package mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    if wantsValues { try endElements() }
    meter.endKey(end)
    let isFull = try Self.add(&meter, offset: offset, module: module, metadata: metadata, to: &keys)
    if isFull { try export.write(0, &keys.buffer) }
    summary.ledger.keysWritten += 1
  }

  /// Adds the row of the key that the meter has measured.
  private static func add(
    _ meter: inout KeyMeter, offset: Int64, module: ModuleID?, metadata: [UInt8], to keys: inout KeyRows
  ) throws(RDBError) -> Bool {
    try keys.add(meter.measuredKey, offset: offset, module: module, metadata: metadata)
  }

  // MARK: Rows of elements

  /// Ends a row of a table.
  mutating func endRow(_ table: ElementTable, _ byteCount: Int) throws(RDBError) {
    let index = table.rawValue
    guard tables[index].endRow(byteCount) else { return }
    try endRows(index)
    try export.write(index + 1, &tables[index])
  }

  /// Fills the columns of the current key.
  private mutating func endRows(_ index: Int) throws(RDBError) {
    let name = name
    try tables[index].endRows(offset: offset, database: database, key: name.span.bytes)
  }

  /// Ends the rows of the current key.
  private mutating func endElements() throws(RDBError) {
    switch type {
    case .string: try endRows(ElementTable.string.rawValue)
    case .list: try endRows(ElementTable.list.rawValue)
    case .set: try endRows(ElementTable.set.rawValue)
    case .zset: try endRows(ElementTable.zset.rawValue)
    case .hash: try endRows(ElementTable.hash.rawValue)
    case .array:
      if partCount == 0, insertIndex != nil { try addEmptyArray() }
      try endRows(ElementTable.array.rawValue)
    case .pathHash:
      try endPath()
      try endRows(ElementTable.pathHash.rawValue)
    case .module:
      if partCount == 0 { try addEmptyModule() }
      try endRows(ElementTable.module.rawValue)
    case .stream:
      try addStreamRow()
      for index in ElementTable.stream.rawValue...ElementTable.streamIdempotency.rawValue { try endRows(index) }
    }
  }
}

extension ColumnarSink {
  package mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    meter.beginElements(header)
    insertIndex = header.insertIndex
  }

  package mutating func node(_ node: ValueNode) { meter.node(node) }

  package mutating func string(_ value: RawSpan) throws(RDBError) {
    meter.string(value)
    guard wantsValues else { return }
    let byteCount = try tables[ElementTable.string.rawValue].columns[4].append(value)
    try endRow(.string, byteCount)
  }

  package mutating func listElement(_ element: RawSpan) throws(RDBError) {
    meter.listElement(element)
    guard wantsValues else { return }
    let index = ElementTable.list.rawValue
    tables[index].columns[4].append(partCount)
    let byteCount = try tables[index].columns[5].append(element)
    partCount += 1
    try endRow(.list, byteCount)
  }

  package mutating func setMember(_ member: RawSpan) throws(RDBError) {
    meter.setMember(member)
    guard wantsValues else { return }
    let byteCount = try tables[ElementTable.set.rawValue].columns[4].append(member)
    try endRow(.set, byteCount)
  }

  package mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    meter.zsetMember(member, score: score)
    guard wantsValues else { return }
    let index = ElementTable.zset.rawValue
    let byteCount = try tables[index].columns[4].append(member)
    tables[index].columns[6].append(Int64(bitPattern: score.bitPattern))
    try endRow(.zset, byteCount)
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws(RDBError) {
    meter.hashField(field, value: value, expires: expiry != nil)
    guard wantsValues else { return }
    let index = ElementTable.hash.rawValue
    let byteCount = try tables[index].columns[4].append(field) + tables[index].columns[6].append(value)
    tables[index].columns[8].append(expiry?.value)
    try endRow(.hash, byteCount)
  }

  package mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    meter.arrayElement(index: index, value: value)
    guard wantsValues else { return }
    let table = ElementTable.array.rawValue
    let text = Array("\(index)".utf8)
    var byteCount = try tables[table].columns[4].append(text.span.bytes)
    tables[table].columns[5].append(Int64(exactly: index))
    byteCount += try tables[table].columns[6].append(value)
    try addInsertIndex()
    partCount += 1
    try endRow(.array, byteCount)
  }

  private mutating func addInsertIndex() throws(RDBError) {
    let table = ElementTable.array.rawValue
    guard let insertIndex else { return tables[table].columns[8].appendMissing() }
    let text = Array("\(insertIndex)".utf8)
    try tables[table].columns[8].append(text.span.bytes)
  }

  /// Adds the row of an array that has an insertion cursor and no elements.
  private mutating func addEmptyArray() throws(RDBError) {
    let table = ElementTable.array.rawValue
    for column in 4...6 { tables[table].columns[column].appendMissing() }
    try addInsertIndex()
    try endRow(.array, 0)
  }

  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    meter.beginPath(path)
    guard wantsValues else { return }
    try endPath()
    self.path.removeAll(keepingCapacity: true)
    self.path.append(path)
    isOpen = true
  }

  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    meter.pathField(field, value: value)
    guard wantsValues else { return }
    let index = ElementTable.pathHash.rawValue
    let path = path
    let byteCount =
      try tables[index].columns[4].append(path.span.bytes) + tables[index].columns[6].append(field)
      + tables[index].columns[8].append(value)
    isOpen = false
    try endRow(.pathHash, byteCount)
  }

  /// Adds the row of a path that has no fields.
  private mutating func endPath() throws(RDBError) {
    guard isOpen else { return }
    isOpen = false
    let index = ElementTable.pathHash.rawValue
    let path = path
    let byteCount = try tables[index].columns[4].append(path.span.bytes)
    tables[index].columns[6].appendMissing()
    tables[index].columns[8].appendMissing()
    try endRow(.pathHash, byteCount)
  }
}

extension ColumnarSink {
  package mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) {}

  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    meter.beginStreamEntry(id)
    guard wantsValues else { return }
    try endEntry()
    entry.set(id)
    partCount = 0
    isOpen = true
  }

  package mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    meter.streamField(field, value: value)
    guard wantsValues else { return }
    let index = ElementTable.stream.rawValue
    var byteCount = try tables[index].append(entry, at: 4)
    tables[index].columns[8].append(partCount)
    byteCount += try tables[index].columns[9].append(field) + tables[index].columns[11].append(value)
    partCount += 1
    isOpen = false
    try endRow(.stream, byteCount)
  }

  /// Adds the row of an entry that has no fields.
  mutating func endEntry() throws(RDBError) {
    guard isOpen else { return }
    isOpen = false
    let index = ElementTable.stream.rawValue
    let byteCount = try tables[index].append(entry, at: 4)
    for column in [8, 9, 11] { tables[index].columns[column].appendMissing() }
    try endRow(.stream, byteCount)
  }

  package mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {
    meter.endStreamEntry()
    guard wantsValues else { return }
    try endEntry()
    stream = StreamRow()
    stream.info = info
  }

  package mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    meter.streamGroup()
    guard wantsValues else { return }
    path.removeAll(keepingCapacity: true)
    path.append(group.name)
    try addGroup(group)
  }

  package mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    meter.streamConsumer(nameByteCount: consumer.name.byteCount)
    if wantsValues { try addConsumer(consumer) }
  }

  package mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    meter.streamPending(pending.id, consumer: pending.consumerIndex)
    if wantsValues { try addPending(pending) }
  }
}
