import GRDB
import RDB
import RDBFormat

/// Writes rows for the elements of every key. Keys have the numbers that ``KeyRows`` gives them: from 1, in file order.
package struct ValueRows: FoldingSink, ~Copyable {
  private let strings: RowInsertion
  private let listElements: RowInsertion
  private let setMembers: RowInsertion
  private let zsetMembers: RowInsertion
  private let hashFields: RowInsertion
  private let arrayElements: RowInsertion
  private let pathFields: RowInsertion
  private let streamFields: RowInsertion
  private let streams: RowInsertion
  private let streamGroups: RowInsertion
  private let streamConsumers: RowInsertion
  private let streamPendings: RowInsertion

  private var ledger = Ledger()
  private var key: Int64 = 0
  private var offset = 0
  private var name: [UInt8] = []
  private var position: Int64 = 0
  private var path: [UInt8] = []
  private var group: [UInt8] = []
  private var entry = StreamID.zero

  /// SQLite's default limit for one value.
  private static let longestValue = 1_000_000_000

  init(_ database: Database) throws {
    strings = try RowInsertion(into: "strings", columns: 3, database)
    listElements = try RowInsertion(into: "list_elements", columns: 4, database)
    setMembers = try RowInsertion(into: "set_members", columns: 3, database)
    zsetMembers = try RowInsertion(into: "zset_members", columns: 5, database)
    hashFields = try RowInsertion(into: "hash_fields", columns: 6, database)
    arrayElements = try RowInsertion(into: "array_elements", columns: 4, database)
    pathFields = try RowInsertion(into: "path_fields", columns: 7, database)
    streamFields = try RowInsertion(into: "stream_fields", columns: 9, database)
    streams = try RowInsertion(into: "streams", columns: 5, database)
    streamGroups = try RowInsertion(into: "stream_groups", columns: 6, database)
    streamConsumers = try RowInsertion(into: "stream_consumers", columns: 7, database)
    streamPendings = try RowInsertion(into: "stream_pending", columns: 6, database)
  }

  package consuming func finish() throws -> Ledger { ledger }

  private mutating func lose(_ loss: Ledger.Loss, _ why: String) {
    ledger.lose(loss, why, key: name, offset: offset)
  }

  /// Whether SQLite can hold a row with these bytes, whose text twins double them. If not, the loss is noted.
  private mutating func fits(_ byteCount: Int, _ loss: Ledger.Loss = .element) -> Bool {
    guard 2 * byteCount > Self.longestValue - 1000 else { return true }
    lose(loss, "SQLite holds no row of more than 1,000,000,000 bytes")
    return false
  }
}

extension ValueRows: RDBSink {
  package mutating func beginSnapshot(_ header: SnapshotHeader) throws {}
  package mutating func aux(_ field: borrowing AuxField) throws {}
  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    ledger.note("function libraries have no table", key: [UInt8](library.name))
  }
  package mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    ledger.note("data that modules keep outside keys has no table")
    return false
  }
  package mutating func slots(_ slots: borrowing SlotHint) throws {}
  package mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {}

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    self.key += 1
    (offset, position) = (key.offset, 0)
    name.removeAll(keepingCapacity: true)
    key.name.withUnsafeBytes { name.append(contentsOf: $0) }
    if key.type == .module {
      lose(.element, "the layout of a module's value is known to the module only")
      return .skip
    }
    return .elements
  }

  package mutating func beginStored(byteCount: UInt64) throws {}
  package mutating func stored(_ chunk: RawSpan) throws {}
  package mutating func endStored() throws {}

  package mutating func string(_ value: RawSpan) throws {
    guard fits(value.byteCount) else { return }
    strings.integer(key)
    strings.bytesAndText(value)
    try strings.write()
  }

  package mutating func beginElements(_ header: ElementsHeader) throws {}

  package mutating func listElement(_ element: RawSpan) throws {
    position += 1
    guard fits(element.byteCount) else { return }
    listElements.integer(key)
    listElements.integer(position - 1)
    listElements.bytesAndText(element)
    try listElements.write()
  }

  package mutating func setMember(_ member: RawSpan) throws {
    guard fits(member.byteCount) else { return }
    setMembers.integer(key)
    setMembers.bytesAndText(member)
    try setMembers.write()
  }

  package mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    position += 1
    guard fits(member.byteCount) else { return }
    zsetMembers.integer(key)
    zsetMembers.integer(position - 1)
    zsetMembers.bytesAndText(member)
    zsetMembers.real(score)
    try zsetMembers.write()
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    guard fits(field.byteCount + value.byteCount) else { return }
    hashFields.integer(key)
    hashFields.bytesAndText(field)
    hashFields.bytesAndText(value)
    hashFields.integer(expiry?.value)
    try hashFields.write()
  }

  package mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    guard index <= UInt64(Int64.max) else { return lose(.element, "SQLite holds no integer above 2^63 − 1") }
    guard fits(value.byteCount) else { return }
    arrayElements.integer(key)
    arrayElements.integer(index)
    arrayElements.bytesAndText(value)
    try arrayElements.write()
  }

  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws { self.path = [UInt8](path) }

  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    guard fits(path.count + field.byteCount + value.byteCount) else { return }
    pathFields.integer(key)
    pathFields.bytesAndText(path.span.bytes)
    pathFields.bytesAndText(field)
    pathFields.bytesAndText(value)
    try pathFields.write()
  }

  package mutating func moduleItem(_ item: borrowing ModuleItem) throws {}
}

// MARK: Streams

extension ValueRows {
  package mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {}

  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws { (entry, position) = (id, 0) }

  package mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    position += 1
    guard fits(field.byteCount + value.byteCount, .entry) else { return }
    streamFields.integer(key)
    streamFields.id(entry)
    streamFields.integer(entry.milliseconds)
    streamFields.integer(entry.sequence)
    streamFields.integer(position - 1)
    streamFields.bytesAndText(field)
    streamFields.bytesAndText(value)
    try streamFields.write()
  }

  package mutating func streamInfo(_ info: StreamInfo) throws {
    streams.integer(key)
    streams.integer(info.length)
    streams.id(info.lastID)
    if let id = info.maxDeletedID { streams.id(id) } else { streams.null() }
    streams.integer(info.entriesAdded)
    try streams.write()
  }

  package mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    self.group = [UInt8](group.name)
    streamGroups.integer(key)
    streamGroups.bytesAndText(group.name)
    streamGroups.id(group.lastDelivered)
    if case .known(let count) = group.entriesRead { streamGroups.integer(count) } else { streamGroups.null() }
    streamGroups.integer(group.pendingCount)
    try streamGroups.write()
  }

  package mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    streamConsumers.integer(key)
    streamConsumers.bytes(group.span.bytes)
    streamConsumers.bytesAndText(consumer.name)
    streamConsumers.integer(consumer.seen.value)
    streamConsumers.integer(consumer.active?.value)
    streamConsumers.integer(consumer.pendingCount)
    try streamConsumers.write()
  }

  package mutating func streamPending(_ pending: borrowing StreamPending) throws {
    streamPendings.integer(key)
    streamPendings.bytes(group.span.bytes)
    streamPendings.id(pending.id)
    if pending.consumerIndex == nil { streamPendings.null() } else { streamPendings.bytes(pending.consumer) }
    streamPendings.integer(pending.delivered.value)
    streamPendings.integer(pending.deliveryCount)
    try streamPendings.write()
  }

  package mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws {
    if producerCount > 0 { ledger.note("IDs of idempotent producers have no table", key: name, offset: offset) }
  }
  package mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {}
  package mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {}
  package mutating func endKey(_ end: KeyEnd) throws {}
  package mutating func endSnapshot(_ end: SnapshotEnd) throws {}
}

extension RowInsertion {
  /// The ID of a stream's entry as commands write it, such as `1700000000000-0`: its numbers can exceed SQLite's integers.
  func id(_ id: StreamID) { text("\(id)") }
}
