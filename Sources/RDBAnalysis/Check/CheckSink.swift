import RDB
import RDBFormat

/// Asks for every value to be checked, and counts.
///
/// What it has counted outlives it, so that an error loses nothing; see ``CheckCollector``.
struct CheckSink: SelectiveSink, OutputSink, ~Copyable {
  private let collector: CheckCollector
  private let part: CheckPart
  private let hot: UnsafeMutablePointer<KeyTally.Hot>
  private let slots: UnsafeMutablePointer<KeyTally.Slot>
  private let destination: any ByteDestination
  private var database: UInt64 = 0
  private var type = ValueType.string
  private var offset = 0
  private var elements: UInt64 = 0
  private var isFirst = true
  private let unique: UniqueLog?

  init(_ collector: CheckCollector, _ destination: any ByteDestination) {
    self.collector = collector
    self.destination = destination
    part = collector.takePart()
    unique = part.unique
    hot = part.tally.hot
    slots = part.tally.slots
  }

  mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {
    part.header = SnapshotCheck.Header(vendor: header.vendor.rawValue, version: header.version)
  }

  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    part.tally.hint(database: database, keys: keys, expiring: expiring)
  }

  static var events: SinkEvents {
    [.beginSnapshot, .databaseSize, .beginElements, .setMember, .zsetMember, .hashField, .endKey, .endSnapshot]
  }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    if key.database != database {
      database = key.database
      part.tally.select(database)
    }
    if isFirst {
      isFirst = false
      part.firstOffset = key.offset
    }
    type = key.storedType
    offset = key.offset
    elements = 0
    if let expiry = key.expiry {
      hot.pointee.expiring &+= 1
      if expiry.value < 0 { part.note(.negativeExpiry, key) }
    }
    guard let unique else { return .validate }
    try unique.beginKey(key)
    // In one packed blob the reader looks itself.
    switch type {
    case .set, .zset, .zset2, .hash, .hash2, .hashMetadata, .hashMetadataPreGA: return .elements
    default: return .validate
    }
  }

  mutating func setMember(_ member: RawSpan) throws(RDBError) { try add(member) }

  mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) { try add(member) }

  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  { try add(field) }

  mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    // As the reader says of values that it validates by itself.
    guard header.count == 0 else { return }
    throw RDBError(.emptyKey, at: offset, expected: "at least one element", found: "none")
  }

  private mutating func add(_ member: RawSpan) throws(RDBError) {
    elements &+= 1
    try unique?.addMember(member, index: elements)
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    var count = elements
    if let measure = end.measure { count = measure.elementCount ?? 0 }
    let place = Int(type.rawValue) &* KeyTally.variantCount
    slots[place].keys &+= 1
    slots[place].storedByteCount &+= end.storedByteCount
    slots[place].elements &+= count
  }

  mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) { part.end = end }

  mutating func endBatch() throws {
    // Waits until all earlier batches are collected.
    try destination.write(RawSpan(), followedBy: RawSpan())
    collector.collect(part)
    isFirst = true
  }

  consuming func finish() throws(RDBError) -> NoSummary { NoSummary() }
}
