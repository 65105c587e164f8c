public import RDBFormat

/// Events of the snapshot, and of values.
extension Tee where First: ~Copyable, Second: ~Copyable {
  /// Passes the event to both sinks.
  @inlinable public mutating func aux(_ field: borrowing AuxField) throws {
    try both({ try $0.aux(field) }, { try $0.aux(field) })
  }
  /// Passes the event to both sinks.
  @inlinable public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    try both({ try $0.functionLibrary(library) }, { try $0.functionLibrary(library) })
  }
  /// Passes the event to both sinks.
  @inlinable public mutating func slots(_ slots: borrowing SlotHint) throws {
    try both({ try $0.slots(slots) }, { try $0.slots(slots) })
  }
  /// Passes the event to both sinks.
  @inlinable public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {
    try both(
      { try $0.databaseSize(database: database, keys: keys, expiring: expiring) },
      { try $0.databaseSize(database: database, keys: keys, expiring: expiring) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func string(_ value: RawSpan) throws {
    try elements({ try $0.string(value) }, { try $0.string(value) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func beginElements(_ header: ElementsHeader) throws {
    try elements({ try $0.beginElements(header) }, { try $0.beginElements(header) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func node(_ node: ValueNode) throws {
    try elements({ try $0.node(node) }, { try $0.node(node) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func listElement(_ element: RawSpan) throws {
    try elements({ try $0.listElement(element) }, { try $0.listElement(element) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func setMember(_ member: RawSpan) throws {
    try elements({ try $0.setMember(member) }, { try $0.setMember(member) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    try elements({ try $0.zsetMember(member, score: score) }, { try $0.zsetMember(member, score: score) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws {
    try elements(
      { try $0.zsetMember(member, score: score, text: text) }, { try $0.zsetMember(member, score: score, text: text) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    try elements(
      { try $0.hashField(field, value: value, expiry: expiry) },
      { try $0.hashField(field, value: value, expiry: expiry) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    try elements(
      { try $0.arrayElement(index: index, value: value) }, { try $0.arrayElement(index: index, value: value) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws {
    try elements({ try $0.beginPath(path, fieldCount: fieldCount) }, { try $0.beginPath(path, fieldCount: fieldCount) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    try elements({ try $0.pathField(field, value: value) }, { try $0.pathField(field, value: value) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func moduleItem(_ item: borrowing ModuleItem) throws {
    try elements({ try $0.moduleItem(item) }, { try $0.moduleItem(item) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    try elements(
      { try $0.beginStreamEntry(id, fieldCount: fieldCount) }, { try $0.beginStreamEntry(id, fieldCount: fieldCount) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    try elements({ try $0.streamField(field, value: value) }, { try $0.streamField(field, value: value) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamInfo(_ info: StreamInfo) throws {
    try elements({ try $0.streamInfo(info) }, { try $0.streamInfo(info) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    try elements({ try $0.streamGroup(group) }, { try $0.streamGroup(group) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    try elements({ try $0.streamConsumer(consumer) }, { try $0.streamConsumer(consumer) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamPending(_ pending: borrowing StreamPending) throws {
    try elements({ try $0.streamPending(pending) }, { try $0.streamPending(pending) })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64)
    throws
  {
    try elements(
      {
        try $0.streamIdempotency(durationSeconds: durationSeconds, maxEntries: maxEntries, producerCount: producerCount)
      },
      {
        try $0.streamIdempotency(durationSeconds: durationSeconds, maxEntries: maxEntries, producerCount: producerCount)
      })
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    try elements(
      { try $0.streamIdempotencyID(producer: producer, id: id, entry: entry) },
      { try $0.streamIdempotencyID(producer: producer, id: id, entry: entry) })
  }
  /// Passes a finding of a key to the sinks that did not answer `skip`, and a finding of the file to both.
  @inlinable public mutating func finding(_ finding: borrowing Finding) throws {
    let concernsKey = finding.concernsKey
    if !concernsKey || one.interest != .skip { try Self.call(&first, &one) { try $0.finding(finding) } }
    if !concernsKey || two.interest != .skip {
      try Tee<Second, First>.call(&second, &two) { try $0.finding(finding) }
    }
    try checkStop()
  }
  /// Passes the event to the sinks that asked for elements.
  @inlinable public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    try elements(
      { try $0.streamIdempotencyEnd(idsAdded: idsAdded, idsDuplicate: idsDuplicate) },
      { try $0.streamIdempotencyEnd(idsAdded: idsAdded, idsDuplicate: idsDuplicate) })
  }
}
