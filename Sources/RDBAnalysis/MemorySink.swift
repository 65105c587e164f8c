public import RDB
public import RDBFormat

/// What a key takes, in memory and in the file.
public struct MemoryRow: ~Escapable {
  public let name: RawSpan
  public let database: UInt64
  public let type: ValueType
  /// How the server holds it once it has loaded it; `nil`: a module's value.
  public let encoding: ObjectEncoding?
  /// The estimate of `MEMORY USAGE … SAMPLES 0`; `nil`: a module's value.
  public let memoryByteCount: UInt64?
  /// Bytes of the value as stored, without type byte and name.
  public let serializedByteCount: UInt64
  /// Elements, members, fields, stream entries; of a string or module 1.
  public let elementCount: UInt64
  /// Bytes of the largest element (of a hash: value; of a stream: entry), and its name: a member, a
  /// field, an index or ID as text; empty for strings.
  public let largestElementByteCount: UInt64
  public let largestElement: RawSpan
  public let expiry: UnixMilliseconds?
  public let idleSeconds: UInt64?
  public let frequency: UInt8?
  /// Where the key's record begins in the file.
  public let offset: Int

  @_lifetime(copy name, copy largestElement)
  init(
    name: RawSpan, largestElement: RawSpan, facts: KeyFacts, encoding: ObjectEncoding?,
    memoryByteCount: UInt64?, serializedByteCount: UInt64
  ) {
    self.name = name
    self.largestElement = largestElement
    database = facts.database
    type = facts.type
    self.encoding = encoding
    self.memoryByteCount = memoryByteCount
    self.serializedByteCount = serializedByteCount
    elementCount = facts.elementCount
    largestElementByteCount = facts.largest
    expiry = facts.expiry
    idleSeconds = facts.idleSeconds
    frequency = facts.frequency
    offset = facts.offset
  }
}

/// What a ``MemorySink`` keeps of a key while its value passes.
struct KeyFacts: BitwiseCopyable {
  var database: UInt64 = 0
  var type = ValueType.string
  var expiry: UnixMilliseconds?
  var idleSeconds: UInt64?
  var frequency: UInt8?
  var offset = 0
  var elementCount: UInt64 = 0
  var largest: UInt64 = 0
}

/// Where rows go: a table, a report, several of them. One a worker, as its sink is.
public protocol MemoryReceiver: SendableMetatype, ~Copyable {
  /// What is left when all runs are read.
  associatedtype Summary: Sendable
  /// A key is complete. The row's spans are borrowed for this call.
  mutating func receive(_ row: borrowing MemoryRow) throws(RDBError)
  /// As ``RunSink/endRun()``.
  mutating func endRun() throws(RDBError)
  /// As ``RunSink/finish()``.
  consuming func finish() throws(RDBError) -> Summary
}

/// Turns keys into rows of what they take.
///
/// Strings are only measured; other values are decoded element by element, for their largest element
/// and for what a server makes of them when it loads them. No allocation per key or element.
public struct MemorySink<Receiver: MemoryReceiver & ~Copyable>: RunSink, ~Copyable {
  @usableFromInline var receiver: Receiver
  private var estimate: MemoryEstimate
  private var facts = KeyFacts()
  private var name = HeldBytes()
  private var largest = HeldBytes()
  /// Bytes of the stream entry being read.
  private var entryByteCount: UInt64 = 0
  private var entryID = StreamID.zero

  /// - Parameters:
  ///   - model: The server that is to load the snapshot.
  ///   - receiver: Gets every key.
  public init(_ model: ServerModel, to receiver: consuming Receiver) {
    estimate = MemoryEstimate(model)
    self.receiver = receiver
  }

  public mutating func endRun() throws(RDBError) { try receiver.endRun() }

  public consuming func finish() throws(RDBError) -> Receiver.Summary { try receiver.finish() }
}

extension MemorySink: SelectiveSink where Receiver: ~Copyable {
  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    facts = KeyFacts(
      database: key.database, type: key.type, expiry: key.expiry, idleSeconds: key.idleSeconds,
      frequency: key.frequency, offset: key.offset)
    name.hold(key.name)
    largest.removeAll()
    estimate.begin(key.type, keyByteCount: key.name.byteCount, expires: key.expiry != nil)
    switch key.type {
    case .string: return .measure
    case .module2, .modulePreGA: return .skip
    default: return .elements
    }
  }

  public mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    estimate.beginElements(header)
  }

  public mutating func node(_ node: ValueNode) throws(RDBError) { estimate.node(node) }

  public mutating func listElement(_ element: RawSpan) throws(RDBError) {
    estimate.element(element)
    if isLargest(UInt64(element.byteCount)) { largest.hold(decimal: facts.elementCount) }
    facts.elementCount &+= 1
  }

  public mutating func setMember(_ member: RawSpan) throws(RDBError) {
    estimate.element(member)
    if isLargest(UInt64(member.byteCount)) { largest.hold(member) }
    facts.elementCount &+= 1
  }

  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    estimate.zsetMember(member, score: score)
    if isLargest(UInt64(member.byteCount)) { largest.hold(member) }
    facts.elementCount &+= 1
  }

  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    estimate.hashField(field, value: value, expires: expiry != nil)
    if isLargest(UInt64(value.byteCount)) { largest.hold(field) }
    facts.elementCount &+= 1
  }

  public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    estimate.element(value)
    if isLargest(UInt64(value.byteCount)) { largest.hold(decimal: index) }
    facts.elementCount &+= 1
  }

  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    endStreamEntry()
    entryID = id
    facts.elementCount &+= 1
  }

  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    entryByteCount &+= UInt64(field.byteCount) &+ UInt64(value.byteCount)
  }

  private mutating func endStreamEntry() {
    if facts.elementCount > 0, isLargest(entryByteCount) { largest.hold(entryID) }
    entryByteCount = 0
  }

  public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) { endStreamEntry() }

  public mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    estimate.streamGroup()
  }

  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    estimate.streamConsumer(nameByteCount: consumer.name.byteCount)
  }

  public mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    estimate.streamPending(pending.id, consumer: pending.consumerIndex)
  }

  public mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    if let measure = end.measure {
      estimate.string(byteCount: measure.blobByteCount, isInteger: measure.isInteger)
      facts.largest = measure.blobByteCount
    }
    if facts.type == .string || facts.type.data == .module { facts.elementCount = 1 }
    let (nameBytes, largestBytes) = (name.bytes, largest.bytes)
    try receiver.receive(
      MemoryRow(
        name: RawSpan(_unsafeBytes: nameBytes), largestElement: RawSpan(_unsafeBytes: largestBytes),
        facts: facts,
        encoding: estimate.loadedEncoding, memoryByteCount: estimate.byteCount,
        serializedByteCount: end.storedByteCount))
  }

  /// Notes the size of an element.
  ///
  /// - Returns: Whether it is the largest so far; of equals the first counts.
  @inline(__always)
  private mutating func isLargest(_ byteCount: UInt64) -> Bool {
    guard byteCount > facts.largest || facts.elementCount == 0 else { return false }
    facts.largest = byteCount
    return true
  }
}
