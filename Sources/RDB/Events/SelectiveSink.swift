public import RDBFormat

/// A sink that names the few events it is about; all others are ignored.
///
/// For sinks that count, look something up or stop early. A sink whose output must be complete conforms
/// to ``RDBSink`` itself, so that the compiler lists what it has to decide when Redis gains a data type.
public protocol SelectiveSink: RDBSink, ~Copyable {}

extension SelectiveSink where Self: ~Copyable {
  @inlinable public mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {}
  @inlinable public mutating func aux(name: RawSpan, value: RawSpan) throws(RDBError) {}
  @inlinable public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {}
  @inlinable public mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool { false }
  @inlinable public mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {}
  @inlinable public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64)
    throws(RDBError)
  {}
  @inlinable public mutating func beginStored(byteCount: UInt64) throws(RDBError) {}
  @inlinable public mutating func stored(_ chunk: RawSpan) throws(RDBError) {}
  @inlinable public mutating func endStored() throws(RDBError) {}
  @inlinable public mutating func string(_ value: RawSpan) throws(RDBError) {}
  @inlinable public mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {}
  @inlinable public mutating func listElement(_ element: RawSpan) throws(RDBError) {}
  @inlinable public mutating func setMember(_ member: RawSpan) throws(RDBError) {}
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {}
  @inlinable public mutating func hashField(
    _ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?
  ) throws(RDBError) {}
  @inlinable public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {}
  @inlinable public mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {}
  @inlinable public mutating func streamOutline(_ outline: StreamOutline) throws(RDBError) {}
  @inlinable public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {}
  @inlinable public mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {}
  @inlinable public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {}
  @inlinable public mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {}
  @inlinable public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {}
  @inlinable public mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {}
  @inlinable public mutating func streamIdempotency(_ settings: StreamIdempotency) throws(RDBError) {}
  @inlinable public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID)
    throws(RDBError)
  {}
  @inlinable public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64)
    throws(RDBError)
  {}
  @inlinable public mutating func endKey(_ end: KeyEnd) throws(RDBError) {}
  @inlinable public mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) {}
}
