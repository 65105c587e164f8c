import RDB
import RDBFormat

/// Writes rows for the elements of every key. Keys have the numbers that ``KeyRows`` gives them: from 1, in file order.
package struct ValueRows: FoldingSink, ~Copyable {
  private let tables: ElementTables

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

  init(_ tables: ElementTables) { self.tables = tables }

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
    tables.strings.integer(key)
    tables.strings.bytesAndText(value)
    try tables.strings.write()
  }

  package mutating func beginElements(_ header: ElementsHeader) throws {}

  package mutating func listElement(_ element: RawSpan) throws {
    position += 1
    guard fits(element.byteCount) else { return }
    tables.listElements.integer(key)
    tables.listElements.integer(position - 1)
    tables.listElements.bytesAndText(element)
    try tables.listElements.write()
  }

  package mutating func setMember(_ member: RawSpan) throws {
    guard fits(member.byteCount) else { return }
    tables.setMembers.integer(key)
    tables.setMembers.bytesAndText(member)
    try tables.setMembers.write()
  }

  package mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    position += 1
    guard fits(member.byteCount) else { return }
    tables.zsetMembers.integer(key)
    tables.zsetMembers.integer(position - 1)
    tables.zsetMembers.bytesAndText(member)
    tables.zsetMembers.real(score)
    try tables.zsetMembers.write()
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    guard fits(field.byteCount + value.byteCount) else { return }
    tables.hashFields.integer(key)
    tables.hashFields.bytesAndText(field)
    tables.hashFields.bytesAndText(value)
    tables.hashFields.integer(expiry?.value)
    try tables.hashFields.write()
  }

  package mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    guard index <= UInt64(Int64.max) else { return lose(.element, "SQLite holds no integer above 2^63 − 1") }
    guard fits(value.byteCount) else { return }
    tables.arrayElements.integer(key)
    tables.arrayElements.integer(index)
    tables.arrayElements.bytesAndText(value)
    try tables.arrayElements.write()
  }

  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws { self.path = [UInt8](path) }

  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    guard fits(path.count + field.byteCount + value.byteCount) else { return }
    tables.pathFields.integer(key)
    tables.pathFields.bytesAndText(path.span.bytes)
    tables.pathFields.bytesAndText(field)
    tables.pathFields.bytesAndText(value)
    try tables.pathFields.write()
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
    tables.streamFields.integer(key)
    tables.streamFields.id(entry)
    tables.streamFields.integer(entry.milliseconds)
    tables.streamFields.integer(entry.sequence)
    tables.streamFields.integer(position - 1)
    tables.streamFields.bytesAndText(field)
    tables.streamFields.bytesAndText(value)
    try tables.streamFields.write()
  }

  package mutating func streamInfo(_ info: StreamInfo) throws {
    tables.streams.integer(key)
    tables.streams.integer(info.length)
    tables.streams.id(info.lastID)
    if let id = info.maxDeletedID { tables.streams.id(id) } else { tables.streams.null() }
    tables.streams.integer(info.entriesAdded)
    try tables.streams.write()
  }

  package mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    self.group = [UInt8](group.name)
    tables.streamGroups.integer(key)
    tables.streamGroups.bytesAndText(group.name)
    tables.streamGroups.id(group.lastDelivered)
    if case .known(let count) = group.entriesRead {
      tables.streamGroups.integer(count)
    } else {
      tables.streamGroups.null()
    }
    tables.streamGroups.integer(group.pendingCount)
    try tables.streamGroups.write()
  }

  package mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    tables.streamConsumers.integer(key)
    tables.streamConsumers.bytes(group.span.bytes)
    tables.streamConsumers.bytesAndText(consumer.name)
    tables.streamConsumers.integer(consumer.seen.value)
    tables.streamConsumers.integer(consumer.active?.value)
    tables.streamConsumers.integer(consumer.pendingCount)
    try tables.streamConsumers.write()
  }

  package mutating func streamPending(_ pending: borrowing StreamPending) throws {
    tables.streamPendings.integer(key)
    tables.streamPendings.bytes(group.span.bytes)
    tables.streamPendings.id(pending.id)
    if pending.consumerIndex == nil {
      tables.streamPendings.null()
    } else {
      tables.streamPendings.bytes(pending.consumer)
    }
    tables.streamPendings.integer(pending.delivered.value)
    tables.streamPendings.integer(pending.deliveryCount)
    try tables.streamPendings.write()
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
