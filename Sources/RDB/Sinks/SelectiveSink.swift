public import RDBFormat

/// A sink that has methods for a few events and ignores all others.
///
/// For sinks that count, look something up or stop early. The sink declares its events in ``events``:
///
///     struct LongestList: SelectiveSink {
///       static var events: SinkEvents { [.listElement, .endKey] }
///       …
///     }
///
/// A method whose signature differs from that in ``RDBSink`` does not implement the requirement, and the compiler
/// does not say so. An event that is declared but not implemented therefore fails at its first call: the error has
/// the code ``RDBError/Code/sink`` and names the method.
///
/// A sink whose output must be complete conforms to ``RDBSink`` itself, so that the compiler lists what the sink
/// has to decide when Redis gains a data type.
public protocol SelectiveSink: RDBSink, ~Copyable {
  /// The events that this sink implements, apart from ``RDBSink/beginKey(_:)``, which may be left out.
  ///
  /// Return a constant: the compiler then removes the check of each ignored event.
  static var events: SinkEvents { get }
}

extension SelectiveSink where Self: ~Copyable {
  @inlinable @inline(__always)
  static func ignore(_ event: SinkEvent, _ method: StaticString) throws {
    if events.contains(event) { throw RDBError.notImplemented(method) }
  }

  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func beginSnapshot(_ header: SnapshotHeader) throws {
    try Self.ignore(.beginSnapshot, "beginSnapshot(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func aux(_ field: borrowing AuxField) throws {
    try Self.ignore(.aux, "aux(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    try Self.ignore(.functionLibrary, "functionLibrary(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    try Self.ignore(.moduleAux, "beginModuleAux(_:)")
    return false
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func slots(_ slots: borrowing SlotHint) throws {
    try Self.ignore(.slots, "slots(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {
    try Self.ignore(.databaseSize, "databaseSize(database:keys:expiring:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func beginStored(byteCount: UInt64) throws {
    try Self.ignore(.beginStored, "beginStored(byteCount:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func stored(_ chunk: RawSpan) throws {
    try Self.ignore(.stored, "stored(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func endStored() throws {
    try Self.ignore(.endStored, "endStored()")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func string(_ value: RawSpan) throws {
    try Self.ignore(.string, "string(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func beginElements(_ header: ElementsHeader) throws {
    try Self.ignore(.beginElements, "beginElements(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func node(_ node: ValueNode) throws {
    try Self.ignore(.node, "node(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func listElement(_ element: RawSpan) throws {
    try Self.ignore(.listElement, "listElement(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func setMember(_ member: RawSpan) throws {
    try Self.ignore(.setMember, "setMember(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    try Self.ignore(.zsetMember, "zsetMember(_:score:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    try Self.ignore(.hashField, "hashField(_:value:expiry:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    try Self.ignore(.arrayElement, "arrayElement(index:value:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws {
    try Self.ignore(.beginPath, "beginPath(_:fieldCount:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    try Self.ignore(.pathField, "pathField(_:value:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func moduleItem(_ item: borrowing ModuleItem) throws {
    try Self.ignore(.moduleItem, "moduleItem(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {
    try Self.ignore(.streamOutline, "streamOutline(_:pendingIDs:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    try Self.ignore(.beginStreamEntry, "beginStreamEntry(_:fieldCount:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    try Self.ignore(.streamField, "streamField(_:value:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamInfo(_ info: StreamInfo) throws {
    try Self.ignore(.streamInfo, "streamInfo(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    try Self.ignore(.streamGroup, "streamGroup(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    try Self.ignore(.streamConsumer, "streamConsumer(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamPending(_ pending: borrowing StreamPending) throws {
    try Self.ignore(.streamPending, "streamPending(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64)
    throws
  {
    try Self.ignore(.streamIdempotency, "streamIdempotency(durationSeconds:maxEntries:producerCount:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    try Self.ignore(.streamIdempotencyID, "streamIdempotencyID(producer:id:entry:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    try Self.ignore(.streamIdempotencyEnd, "streamIdempotencyEnd(idsAdded:idsDuplicate:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func finding(_ finding: borrowing Finding) throws {
    try Self.ignore(.finding, "finding(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func endKey(_ end: KeyEnd) throws {
    try Self.ignore(.endKey, "endKey(_:)")
  }
  /// Does nothing, unless ``events`` contains the event.
  @inlinable public mutating func endSnapshot(_ end: SnapshotEnd) throws {
    try Self.ignore(.endSnapshot, "endSnapshot(_:)")
  }
}

extension RDBError {
  @inline(never) @usableFromInline
  static func notImplemented(_ method: StaticString) -> RDBError {
    RDBError(
      .sink, at: 0,
      expected: "a method \(method) with the signature that RDBSink has, since the sink declares the event",
      found: "no such method")
  }
}
