public import RDB
public import RDBFormat

/// A receiver of measured keys, such as a table or a report. There is one receiver per worker.
@usableFromInline package protocol MemoryReceiver: SendableMetatype, ~Copyable {
  /// The result of the receiver.
  associatedtype Summary: MergeableSummary
  /// Whether to hash the value of a string. By default it is not.
  ///
  /// The method is `mutating` so that a large receiver is not copied for each key.
  mutating func wantsHash(_ key: borrowing KeyHeader) -> Bool
  /// Receives a key. Its spans are valid only during the call.
  mutating func receive(_ key: borrowing MeasuredKey) throws(RDBError)
  /// Returns the result, after the last key.
  consuming func finish() throws(RDBError) -> Summary
}

extension MemoryReceiver where Self: ~Copyable {
  package mutating func wantsHash(_ key: borrowing KeyHeader) -> Bool { false }
}

/// A receiver that also writes output.
@usableFromInline package protocol MemoryOutputReceiver: MemoryReceiver, ~Copyable {
  /// Writes buffered output to its destination, at the end of a batch.
  mutating func endBatch() throws(RDBError)
}

extension MemorySink: OutputSink where Receiver: MemoryOutputReceiver & ~Copyable {
  @inlinable package mutating func endBatch() throws(RDBError) { try receiver.endBatch() }
}

/// Measures every key, and passes it to a receiver.
@usableFromInline package struct MemorySink<Receiver: MemoryReceiver & ~Copyable>: FoldingSink, ~Copyable {
  @usableFromInline var receiver: Receiver
  @usableFromInline var meter: KeyMeter

  /// Creates a sink for one worker.
  ///
  /// - Parameters:
  ///   - model: The server that the estimate is for.
  ///   - receiver: The receiver of the measured keys.
  @inlinable
  package init(_ model: ServerModel, to receiver: consuming Receiver) {
    self.init(model, .elements, to: receiver)
  }

  /// Creates a sink that may skip the values.
  @inlinable
  package init(_ model: ServerModel, _ detail: KeyMeter.Detail, to receiver: consuming Receiver) {
    meter = KeyMeter(model, detail)
    self.receiver = receiver
  }

  @inlinable
  package consuming func finish() throws(RDBError) -> Receiver.Summary { try receiver.finish() }
}

extension MemorySink: SelectiveSink where Receiver: ~Copyable {
  @inlinable package static var events: SinkEvents {
    [
      .beginStored, .stored, .endStored, .beginElements, .node, .listElement, .setMember, .zsetMember, .hashField,
      .arrayElement, .beginPath, .pathField, .beginStreamEntry, .streamField, .streamInfo, .streamGroup,
      .streamConsumer, .streamPending,
      .endKey,
    ]
  }

  @inlinable
  package mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    meter.beginKey(key, hashesValue: key.storedType == .string && receiver.wantsHash(key))
  }

  @inlinable package mutating func beginStored(byteCount: UInt64) throws(RDBError) { meter.beginStored() }
  @inlinable package mutating func stored(_ chunk: RawSpan) throws(RDBError) { meter.stored(chunk) }
  @inlinable package mutating func endStored() throws(RDBError) { meter.endStored() }

  @inlinable
  package mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    meter.beginElements(header)
  }

  @inlinable package mutating func node(_ node: ValueNode) throws(RDBError) { meter.node(node) }

  @inlinable
  package mutating func listElement(_ element: RawSpan) throws(RDBError) { meter.listElement(element) }

  @inlinable package mutating func setMember(_ member: RawSpan) throws(RDBError) { meter.setMember(member) }

  @inlinable
  package mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    meter.zsetMember(member, score: score)
  }

  @inlinable
  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    meter.hashField(field, value: value, expires: expiry != nil)
  }

  @inlinable
  package mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    meter.arrayElement(index: index, value: value)
  }

  @inlinable
  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) { meter.beginPath(path) }

  @inlinable
  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    meter.pathField(field, value: value)
  }

  @inlinable
  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    meter.beginStreamEntry(id)
  }

  @inlinable
  package mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    meter.streamField(field, value: value)
  }

  @inlinable
  package mutating func streamInfo(_ info: StreamInfo) throws(RDBError) { meter.endStreamEntry() }

  @inlinable
  package mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) { meter.streamGroup() }

  @inlinable
  package mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    meter.streamConsumer(nameByteCount: consumer.name.byteCount)
  }

  @inlinable
  package mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    meter.streamPending(pending.id, consumer: pending.consumerIndex)
  }

  @inlinable
  package mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    meter.endKey(end)
    try Self.pass(&meter, to: &receiver)
  }

  @inlinable @inline(__always)
  static func pass(_ meter: inout KeyMeter, to receiver: inout Receiver) throws(RDBError) {
    try receiver.receive(meter.measuredKey)
  }
}
