public import RDBFormat

/// A sink around a sink: each event goes to ``base``, unless this sink has a method of its own for the event.
///
/// For filters, and for sinks that change or watch what passes:
///
///     struct WithoutModules<Base: RDBSink>: ForwardingSink {
///       var base: Base
///       var skips = false
///       mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
///         skips = key.type == .module
///         return skips ? .skip : try base.beginKey(key)
///       }
///       mutating func endKey(_ end: KeyEnd) throws { if !skips { try base.endKey(end) } }
///     }
///
/// After `beginKey` has answered ``Interest/skip`` without asking the base, only ``RDBSink/endKey(_:)`` follows, and
/// must not be forwarded. To change what is announced, see ``KeyHeader/changing(name:database:expiry:_:)``.
public protocol ForwardingSink: RDBSink, ~Copyable {
  /// The type of the inner sink.
  associatedtype Base: RDBSink & ~Copyable
  /// The inner sink, which gets all events that pass.
  var base: Base { get set }
}

extension ForwardingSink where Self: ~Copyable {
  /// Forwards the event to ``base``.
  @inlinable public mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    try base.beginKey(key)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func beginSnapshot(_ header: SnapshotHeader) throws {
    try base.beginSnapshot(header)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func aux(_ field: borrowing AuxField) throws {
    try base.aux(field)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    try base.functionLibrary(library)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    return try base.beginModuleAux(aux)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func slots(_ slots: borrowing SlotHint) throws {
    try base.slots(slots)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {
    try base.databaseSize(database: database, keys: keys, expiring: expiring)
  }
  /// Forwards the event to ``base``.
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws {
    try base.damagedKey(key, error: error)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func beginStored(byteCount: UInt64) throws {
    try base.beginStored(byteCount: byteCount)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func stored(_ chunk: RawSpan) throws {
    try base.stored(chunk)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func endStored() throws {
    try base.endStored()
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func string(_ value: RawSpan) throws {
    try base.string(value)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func beginElements(_ header: ElementsHeader) throws {
    try base.beginElements(header)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func node(_ node: ValueNode) throws {
    try base.node(node)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func listElement(_ element: RawSpan) throws {
    try base.listElement(element)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func setMember(_ member: RawSpan) throws {
    try base.setMember(member)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    try base.zsetMember(member, score: score)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws {
    try base.zsetMember(member, score: score, text: text)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    try base.hashField(field, value: value, expiry: expiry)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    try base.arrayElement(index: index, value: value)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws {
    try base.beginPath(path, fieldCount: fieldCount)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    try base.pathField(field, value: value)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func moduleItem(_ item: borrowing ModuleItem) throws {
    try base.moduleItem(item)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {
    try base.streamOutline(info, pendingIDs: pendingIDs)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    try base.beginStreamEntry(id, fieldCount: fieldCount)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    try base.streamField(field, value: value)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamInfo(_ info: StreamInfo) throws {
    try base.streamInfo(info)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    try base.streamGroup(group)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    try base.streamConsumer(consumer)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamPending(_ pending: borrowing StreamPending) throws {
    try base.streamPending(pending)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64)
    throws
  {
    try base.streamIdempotency(durationSeconds: durationSeconds, maxEntries: maxEntries, producerCount: producerCount)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    try base.streamIdempotencyID(producer: producer, id: id, entry: entry)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    try base.streamIdempotencyEnd(idsAdded: idsAdded, idsDuplicate: idsDuplicate)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func finding(_ finding: borrowing Finding) throws {
    try base.finding(finding)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func endKey(_ end: KeyEnd) throws {
    try base.endKey(end)
  }
  /// Forwards the event to ``base``.
  @inlinable public mutating func endSnapshot(_ end: SnapshotEnd) throws {
    try base.endSnapshot(end)
  }
}
