import RDB
import RDBFormat
import RDBFiltering
import RDBSupport
import TestSupport

/// One key as a sink saw it.
struct SeenKey: Hashable, CustomStringConvertible {
  struct Field: Hashable {
    var field: [UInt8]
    var value: [UInt8]
    var expiry: Int64?
  }
  var name: [UInt8]
  var database: UInt64
  var type: ValueType
  var expiry: Int64?
  /// Of a hash, if its elements came.
  var fields: [Field] = []
  var wasStored = false
  var count: UInt64?
  var offset: Int

  var description: String { printable(name) }
}

/// Writes down keys, and the fields of hashes.
struct KeyListSink: SelectiveSink, FoldingSink {
  var keys: [SeenKey] = []
  var current: SeenKey?
  var interest: Interest
  var endedEarly = false

  init(interest: Interest = .elements) { self.interest = interest }

  static var events: SinkEvents { [.beginStored, .beginElements, .hashField, .endKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    precondition(current == nil)
    current = SeenKey(
      name: key.name.withUnsafeBytes { Array($0) }, database: key.database, type: key.storedType,
      expiry: key.expiry?.value, offset: key.offset)
    return interest
  }
  mutating func beginStored(byteCount: UInt64) throws(RDBError) { current?.wasStored = true }
  mutating func beginElements(_ header: ElementsHeader) throws(RDBError) { current?.count = header.count }
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    current?.fields.append(
      SeenKey.Field(
        field: field.withUnsafeBytes { Array($0) }, value: value.withUnsafeBytes { Array($0) },
        expiry: expiry?.value))
  }
  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    guard let key = current else { preconditionFailure("endKey without beginKey") }
    keys.append(key)
    current = nil
  }
  mutating func endEarly() throws(RDBError) { endedEarly = true }
  consuming func finish() throws(RDBError) -> Collected<SeenKey> { Collected(keys) }
}

/// What passes a filter, and what it says at the end.
func filtered(
  _ bytes: [UInt8], _ options: FilterOptions, interest: Interest = .elements, threads: Int = 1
) throws -> (keys: [SeenKey], ledger: Ledger, limitReached: Bool, end: SnapshotEnd?) {
  var readerOptions = RDBReader.Options()
  readerOptions.windowByteCount = 64
  var reader = RDBReader(MemorySource(bytes), options: readerOptions)
  let result = try reader.fold(threads: threads) { KeyFilter(options, base: KeyListSink(interest: interest)) }
  return (
    result.summary.base.values.sorted { $0.offset < $1.offset }, result.summary.ledger,
    result.summary.limitReached, result.end
  )
}

/// All keys, without a filter.
func all(_ bytes: [UInt8]) throws -> [SeenKey] {
  var reader = RDBReader(MemorySource(bytes))
  var sink = KeyListSink()
  try reader.read(into: &sink)
  return sink.keys
}

/// A snapshot of strings with expiries.
func snapshot(_ keys: [(name: String, expiry: Int64?)]) -> [UInt8] {
  var snapshot = SnapshotBuilder(version: 9)
  for (name, expiry) in keys { snapshot.string(name, "value", expiry: expiry) }
  return snapshot.whole
}

/// A Valkey snapshot of one hash with field expiries (−1: none).
func snapshot(hash name: String, fields: [(name: String, expiry: Int64)], expiry: Int64? = nil) -> [UInt8] {
  var snapshot = SnapshotBuilder(version: 80, vendor: .valkey)
  snapshot.hash(name, expiringFields: fields.map { ($0.name, "v", $0.expiry) }, expiry: expiry)
  return snapshot.whole
}
