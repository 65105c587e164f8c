public import RDB
public import RDBFormat

/// A sink around a sink: one key passes, whole or a part of its elements, and ends the reading.
///
/// Nothing that belongs to no key passes, nor do the begin and the end of the snapshot.
public struct OneKey<Base: RunSink & ~Copyable>: RunSink, ~Copyable {
  /// The key to look for, and what of it.
  public struct Options: Sendable {
    public var database: UInt64
    public var name: [UInt8]
    public var elements = ElementChoice.all
    /// Whether to keep what may help where the key is missing: other databases, names like it.
    public var keepsHints = false
    public init(database: UInt64, name: [UInt8]) { (self.database, self.name) = (database, name) }
  }

  public struct Summary: Sendable {
    public var base: Base.Summary
    /// Whether the key was found.
    public var isFound: Bool
    /// Elements that passed.
    public var elementCount: UInt64
    public var hints: KeyHints
  }

  enum State {
    case looking
    /// Announced to the base.
    case found
    /// Found, but no element was chosen yet: announced with the first.
    case held
    case done
  }

  var base: Base
  let options: Options
  var state = State.looking
  var hints: KeyHints
  var held = HeldKey()
  let record = KeyRecord()
  /// Elements announced so far: the next one's number.
  var place: UInt64 = 0
  var elementCount: UInt64 = 0
  /// Whether the fields of the current stream entry pass.
  var passesEntry = false

  public init(_ options: Options, base: consuming Base) {
    self.base = base
    self.options = options
    hints = KeyHints(name: options.name, database: options.database)
  }

  // MARK: Keys

  public mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    guard key.database == options.database, hints.isName(key.name) else {
      if options.keepsHints { hints.add(key) }
      return .skip
    }
    try options.elements.check(key.type)
    if case .named = options.elements {
      state = .held
      held.take(key)
      return .elements
    }
    state = .found
    let interest = try base.beginKey(key)
    return options.elements == .all ? interest : interest.whole
  }

  public mutating func endKey(_ end: KeyEnd) throws {
    switch state {
    case .looking: return
    case .found: try base.endKey(end)
    case .held, .done: break
    }
    hints.isFound = true
    state = .done
    throw RDBError.stop
  }

  /// Announces the key that was held, now that an element of it passes.
  private mutating func announce() throws {
    guard state == .held else { return }
    state = .found
    let (name, metadata) = (held.name, held.metadata)
    record.attributes = held.attributes
    _ = try base.beginKey(record.header(name: name.span.bytes, metadata: metadata.span.bytes))
    if held.attributes.storedType.data != .stream { try base.beginElements(held.elements) }
  }

  public mutating func endRun() throws(RDBError) { try base.endRun() }
  public mutating func endEarly() throws(RDBError) { try base.endEarly() }

  public consuming func finish() throws(RDBError) -> Summary {
    let (hints, elementCount) = (hints, elementCount)
    return Summary(
      base: try base.finish(), isFound: hints.isFound, elementCount: elementCount, hints: hints)
  }

  // MARK: Elements

  public mutating func string(_ value: RawSpan) throws {
    let part = options.elements.part(of: value)
    elementCount = UInt64(part.byteCount)
    try base.string(part)
  }

  public mutating func beginElements(_ header: ElementsHeader) throws {
    if state == .held { held.elements = header } else { try base.beginElements(header) }
  }

  public mutating func node(_ node: ValueNode) throws {
    if state == .found { try base.node(node) }
  }

  /// Whether the next element passes, by its name or its number.
  @inline(__always)
  private mutating func passes(_ name: RawSpan) throws -> Bool {
    let number = place
    place &+= 1
    guard options.elements.includes(name, number: number) else { return false }
    elementCount &+= 1
    try announce()
    return true
  }

  public mutating func listElement(_ element: RawSpan) throws {
    if try passes(element) { try base.listElement(element) }
  }

  public mutating func setMember(_ member: RawSpan) throws {
    if try passes(member) { try base.setMember(member) }
  }

  public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    if try passes(member) { try base.zsetMember(member, score: score) }
  }

  public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws {
    if try passes(member) { try base.zsetMember(member, score: score, text: text) }
  }

  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    if try passes(field) { try base.hashField(field, value: value, expiry: expiry) }
  }

  /// Chosen by its index in the array.
  public mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    guard options.elements.includes(index: index) else { return }
    elementCount &+= 1
    try announce()
    try base.arrayElement(index: index, value: value)
  }

  public mutating func moduleItem(_ item: borrowing ModuleItem) throws { try base.moduleItem(item) }

  // MARK: Streams

  public mutating func streamOutline(_ outline: StreamOutline) throws {
    try base.streamOutline(outline)
  }

  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    let number = place
    place &+= 1
    passesEntry = options.elements.includes(id, number: number)
    guard passesEntry else { return }
    elementCount &+= 1
    try announce()
    try base.beginStreamEntry(id, fieldCount: fieldCount)
  }

  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    if passesEntry { try base.streamField(field, value: value) }
  }

  public mutating func streamInfo(_ info: StreamInfo) throws {
    if state == .found { try base.streamInfo(info) }
  }

  /// Groups and what else stands behind the entries pass with all of a stream only.
  private var isWhole: Bool { state == .found && options.elements == .all }

  public mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    if isWhole { try base.streamGroup(group) }
  }

  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    if isWhole { try base.streamConsumer(consumer) }
  }

  public mutating func streamPending(_ pending: borrowing StreamPending) throws {
    if isWhole { try base.streamPending(pending) }
  }

  public mutating func streamIdempotency(_ settings: StreamIdempotency) throws {
    if isWhole { try base.streamIdempotency(settings) }
  }

  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    if isWhole { try base.streamIdempotencyID(producer: producer, id: id, entry: entry) }
  }

  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    if isWhole { try base.streamIdempotencyEnd(idsAdded: idsAdded, idsDuplicate: idsDuplicate) }
  }

  // MARK: Stored values

  public mutating func beginStored(byteCount: UInt64) throws { try base.beginStored(byteCount: byteCount) }
  public mutating func stored(_ chunk: RawSpan) throws { try base.stored(chunk) }
  public mutating func endStored() throws { try base.endStored() }

  // MARK: What does not pass

  public mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {}
  public mutating func aux(name: RawSpan, value: RawSpan) throws(RDBError) {}
  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {}
  public mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool { false }
  public mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {}
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {}
  public mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) {}
}

extension Interest {
  /// The same, but elements instead of stored bytes.
  fileprivate var whole: Interest {
    switch self {
    case .stored: .elements
    case .storedOrOutlined: .elementsAfterOutline
    case .skip, .measure, .validate, .elements, .elementsAfterOutline: self
    }
  }
}
