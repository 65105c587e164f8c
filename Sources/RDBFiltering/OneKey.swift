package import RDB
package import RDBFormat

/// A sink that passes one key, or some of its elements, to its base sink, and then ends the reading.
///
/// Events that belong to no key do not pass, nor do the beginning and the end of the snapshot.
package struct OneKey<Base: FoldingSink & ~Copyable>: ForwardingSink, FoldingSink, ~Copyable {
  /// The key and the choice of its elements.
  package struct Options: Sendable {
    package var database: UInt64
    package var name: [UInt8]
    package var elements = ElementChoice.all
    /// Whether to collect hints for a key that does not exist.
    package var keepsHints = false
    package init(database: UInt64, name: [UInt8]) { (self.database, self.name) = (database, name) }
  }

  package struct Summary: MergeableSummary {
    package var base: Base.Summary
    /// Whether the key was found.
    package var isFound: Bool
    /// The number of elements that passed.
    package var elementCount: UInt64
    package var hints: KeyHints

    package mutating func merge(_ other: Self) {
      base.merge(other.base)
      isFound = isFound || other.isFound
      elementCount += other.elementCount
      hints.merge(other.hints)
    }
  }

  enum State {
    case looking
    /// The key is announced to the base sink.
    case found
    /// The key is found, and is announced with its first chosen element.
    case held
    case done
  }

  package var base: Base
  let options: Options
  var state = State.looking
  var hints: KeyHints
  var held = HeldKey()
  /// The number of elements so far, which is the number of the next element.
  var elementNumber: UInt64 = 0
  var elementCount: UInt64 = 0
  /// Whether the fields of the current stream entry pass.
  var passesEntry = false
  /// Whether the current path of a path hash passes.
  private var passesPath = false

  package init(_ options: Options, base: consuming Base) {
    self.base = base
    self.options = options
    hints = KeyHints(name: options.name, database: options.database)
  }

  // MARK: Keys

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
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
    return options.elements == .all ? interest : interest.withoutStored
  }

  package mutating func endKey(_ end: KeyEnd) throws {
    switch state {
    case .looking: return
    case .found: try base.endKey(end)
    case .held, .done: break
    }
    hints.isFound = true
    state = .done
    throw RDBError.stop
  }

  /// Announces the held key at its first chosen element.
  private mutating func announce() throws {
    guard state == .held else { return }
    state = .found
    let (name, metadata) = (held.name, held.metadata)
    _ = try held.attributes.announce(name: name.span.bytes, metadata: metadata.span.bytes) {
      try base.beginKey($0)
    }
    if held.attributes.storedType.data != .stream { try base.beginElements(held.elements) }
  }

  package mutating func endEarly() throws { try base.endEarly() }

  package consuming func finish() throws -> Summary {
    let (hints, elementCount) = (hints, elementCount)
    return Summary(
      base: try base.finish(), isFound: hints.isFound, elementCount: elementCount, hints: hints)
  }

  // MARK: Elements

  package mutating func string(_ value: RawSpan) throws {
    let part = options.elements.part(of: value)
    elementCount = UInt64(part.byteCount)
    try base.string(part)
  }

  package mutating func beginElements(_ header: ElementsHeader) throws {
    if state == .held { held.elements = header } else { try base.beginElements(header) }
  }

  package mutating func node(_ node: ValueNode) throws {
    if state == .found { try base.node(node) }
  }

  /// Returns whether the next element passes, by its name or its number.
  @inline(__always)
  private mutating func passes(_ name: RawSpan) throws -> Bool {
    let number = elementNumber
    elementNumber &+= 1
    guard options.elements.includes(name, number: number) else { return false }
    elementCount &+= 1
    try announce()
    return true
  }

  package mutating func listElement(_ element: RawSpan) throws {
    if try passes(element) { try base.listElement(element) }
  }

  package mutating func setMember(_ member: RawSpan) throws {
    if try passes(member) { try base.setMember(member) }
  }

  package mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    if try passes(member) { try base.zsetMember(member, score: score) }
  }

  package mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws {
    if try passes(member) { try base.zsetMember(member, score: score, text: text) }
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    if try passes(field) { try base.hashField(field, value: value, expiry: expiry) }
  }

  /// Passes an array element that is chosen by its index.
  package mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    guard options.elements.includes(index: index) else { return }
    elementCount &+= 1
    try announce()
    try base.arrayElement(index: index, value: value)
  }

  /// Passes a path that is chosen by its name or its number, with all its fields.
  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws {
    passesPath = try passes(path)
    if passesPath { try base.beginPath(path, fieldCount: fieldCount) }
  }

  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    if passesPath { try base.pathField(field, value: value) }
  }

  // MARK: Streams

  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    let number = elementNumber
    elementNumber &+= 1
    passesEntry = options.elements.includes(id, number: number)
    guard passesEntry else { return }
    elementCount &+= 1
    try announce()
    try base.beginStreamEntry(id, fieldCount: fieldCount)
  }

  package mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    if passesEntry { try base.streamField(field, value: value) }
  }

  package mutating func streamInfo(_ info: StreamInfo) throws {
    if state == .found { try base.streamInfo(info) }
  }

  /// Whether groups and the other data after the entries pass: only with the whole stream.
  private var isWhole: Bool { state == .found && options.elements == .all }

  package mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    if isWhole { try base.streamGroup(group) }
  }

  package mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    if isWhole { try base.streamConsumer(consumer) }
  }

  package mutating func streamPending(_ pending: borrowing StreamPending) throws {
    if isWhole { try base.streamPending(pending) }
  }

  package mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws {
    if isWhole {
      try base.streamIdempotency(durationSeconds: durationSeconds, maxEntries: maxEntries, producerCount: producerCount)
    }
  }

  package mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    if isWhole { try base.streamIdempotencyID(producer: producer, id: id, entry: entry) }
  }

  package mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    if isWhole { try base.streamIdempotencyEnd(idsAdded: idsAdded, idsDuplicate: idsDuplicate) }
  }

  // MARK: Events that do not pass

  package mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {}
  package mutating func aux(_ field: borrowing AuxField) throws(RDBError) {}
  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {}
  package mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool { false }
  package mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {}
  package mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {}
  package mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) {}
}
