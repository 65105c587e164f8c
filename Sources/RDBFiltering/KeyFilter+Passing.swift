public import RDB
public import RDBFormat

/// What passes as it is. The reader sends nothing of a value that was stepped over.
extension KeyFilter where Base: ~Copyable {
  @inlinable public mutating func beginSnapshot(_ header: SnapshotHeader) throws {
    try base.beginSnapshot(header)
  }
  @inlinable public mutating func aux(name: RawSpan, value: RawSpan) throws {
    try base.aux(name: name, value: value)
  }
  @inlinable public mutating func functionLibrary(_ library: borrowing FunctionLibrary)
    throws
  {
    try base.functionLibrary(library)
  }
  @inlinable public mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    try base.beginModuleAux(aux)
  }
  @inlinable public mutating func slots(_ slots: borrowing SlotHint) throws {
    try base.slots(slots)
  }
  @inlinable public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64)
    throws
  {
    try base.databaseSize(database: database, keys: keys, expiring: expiring)
  }
  @inlinable public mutating func beginStored(byteCount: UInt64) throws {
    try base.beginStored(byteCount: byteCount)
  }
  @inlinable public mutating func stored(_ chunk: RawSpan) throws {
    try base.stored(chunk)
  }
  @inlinable public mutating func endStored() throws { try base.endStored() }
  @inlinable public mutating func string(_ value: RawSpan) throws {
    try base.string(value)
  }
  @inlinable public mutating func node(_ node: ValueNode) throws { try base.node(node) }
  @inlinable public mutating func listElement(_ element: RawSpan) throws {
    try base.listElement(element)
  }
  @inlinable public mutating func setMember(_ member: RawSpan) throws {
    try base.setMember(member)
  }
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    try base.zsetMember(member, score: score)
  }
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan)
    throws
  {
    try base.zsetMember(member, score: score, text: text)
  }
  @inlinable public mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    try base.arrayElement(index: index, value: value)
  }
  @inlinable public mutating func moduleItem(_ item: borrowing ModuleItem) throws {
    try base.moduleItem(item)
  }
  @inlinable public mutating func streamOutline(_ outline: StreamOutline) throws {
    try base.streamOutline(outline)
  }
  @inlinable public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    try base.beginStreamEntry(id, fieldCount: fieldCount)
  }
  @inlinable public mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    try base.streamField(field, value: value)
  }
  @inlinable public mutating func streamInfo(_ info: StreamInfo) throws {
    try base.streamInfo(info)
  }
  @inlinable public mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    try base.streamGroup(group)
  }
  @inlinable public mutating func streamConsumer(_ consumer: borrowing StreamConsumer)
    throws
  {
    try base.streamConsumer(consumer)
  }
  @inlinable public mutating func streamPending(_ pending: borrowing StreamPending)
    throws
  {
    try base.streamPending(pending)
  }
  @inlinable public mutating func streamIdempotency(_ settings: StreamIdempotency)
    throws
  {
    try base.streamIdempotency(settings)
  }
  @inlinable public mutating func streamIdempotencyID(
    producer: RawSpan, id: RawSpan, entry: StreamID
  ) throws {
    try base.streamIdempotencyID(producer: producer, id: id, entry: entry)
  }
  @inlinable public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64)
    throws
  {
    try base.streamIdempotencyEnd(idsAdded: idsAdded, idsDuplicate: idsDuplicate)
  }
  @inlinable public mutating func endSnapshot(_ end: SnapshotEnd) throws {
    try base.endSnapshot(end)
  }
}
