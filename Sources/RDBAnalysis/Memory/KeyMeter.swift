public import RDB
public import RDBFormat

/// Measures keys, one after the other, from their events.
///
/// Strings are only measured; other values are decoded element by element, for their largest element
/// and for what a server makes of them when it loads them. No allocation per key or element.
public struct KeyMeter: ~Copyable {
  private var estimate: MemoryEstimate
  private var facts = KeyFacts()
  private var heldName = HeldBytes()
  private var largest = HeldBytes()
  /// Bytes of the stream entry being read.
  private var entryByteCount: UInt64 = 0
  private var entryID = StreamID.zero
  private let detail: Detail
  private var value = StoredString()

  /// How much of a key is looked at.
  public enum Detail: Hashable, Sendable {
    /// Its header: type, name, expiry; and how many bytes the value has in the file.
    case header
    /// Its elements.
    case elements
  }

  public init(_ model: ServerModel, _ detail: Detail = .elements) {
    estimate = MemoryEstimate(model)
    self.detail = detail
  }

  /// - Parameter hashesValue: Whether a string's value is to be hashed.
  public mutating func beginKey(_ key: borrowing KeyHeader, hashesValue: Bool) -> Interest {
    facts = KeyFacts(
      database: key.database, storedType: key.storedType, expiry: key.expiry, idleSeconds: key.idleSeconds,
      frequency: key.frequency, offset: key.offset)
    heldName.hold(key.name)
    largest.removeAll()
    if detail == .header { return .skip }
    estimate.begin(key.storedType, keyByteCount: key.name.byteCount, expires: key.expiry != nil)
    switch key.storedType {
    case .string: return hashesValue ? .stored : .measure
    case .module2, .modulePreGA: return .skip
    default: return .elements
    }
  }

  public mutating func beginStored() { value = StoredString() }

  public mutating func stored(_ chunk: RawSpan) { value.add(chunk) }

  public mutating func endStored() { facts.valueHash = value.finish() }

  public mutating func beginElements(_ header: ElementsHeader) {
    estimate.beginElements(header)
    facts.plainByteCount = UInt64(header.firstBlobByteCount)
    countsElements = header.firstBlobByteCount == 0
  }

  /// Whether elements lie in the file one by one.
  private var countsElements = false

  public mutating func node(_ node: ValueNode) {
    estimate.node(node)
    // The first one of a quicklist was announced with the elements.
    if facts.storedType.data == .stream || facts.elementCount > 0 {
      facts.plainByteCount &+= UInt64(node.byteCount)
    }
  }

  public mutating func listElement(_ element: RawSpan) {
    estimate.element(element)
    count(element)
    if isLargest(UInt64(element.byteCount)) { largest.hold(decimal: facts.elementCount) }
    facts.elementCount &+= 1
  }

  public mutating func setMember(_ member: RawSpan) {
    estimate.element(member)
    count(member)
    if isLargest(UInt64(member.byteCount)) { largest.hold(member) }
    facts.elementCount &+= 1
  }

  public mutating func zsetMember(_ member: RawSpan, score: Double) {
    estimate.zsetMember(member, score: score)
    count(member)
    if countsElements { facts.plainByteCount &+= 8 }
    if isLargest(UInt64(member.byteCount)) { largest.hold(member) }
    facts.elementCount &+= 1
  }

  public mutating func hashField(_ field: RawSpan, value: RawSpan, expires: Bool) {
    estimate.hashField(field, value: value, expires: expires)
    count(field)
    count(value)
    if isLargest(UInt64(value.byteCount)) { largest.hold(field) }
    facts.elementCount &+= 1
  }

  public mutating func arrayElement(index: UInt64, value: RawSpan) {
    estimate.element(value)
    count(value)
    if isLargest(UInt64(value.byteCount)) { largest.hold(decimal: index) }
    facts.elementCount &+= 1
  }

  @inline(__always)
  private mutating func count(_ bytes: RawSpan) {
    if countsElements { facts.plainByteCount &+= UInt64(bytes.byteCount) }
  }

  public mutating func beginStreamEntry(_ id: StreamID) {
    endStreamEntry()
    entryID = id
    facts.elementCount &+= 1
  }

  public mutating func streamField(_ field: RawSpan, value: RawSpan) {
    entryByteCount &+= UInt64(field.byteCount) &+ UInt64(value.byteCount)
  }

  /// Also called when all entries were read.
  public mutating func endStreamEntry() {
    if facts.elementCount > 0, isLargest(entryByteCount) { largest.hold(entryID) }
    entryByteCount = 0
  }

  public mutating func streamGroup() { estimate.streamGroup() }

  public mutating func streamConsumer(nameByteCount: Int) {
    estimate.streamConsumer(nameByteCount: nameByteCount)
  }

  public mutating func streamPending(_ id: StreamID, consumer: Int?) {
    estimate.streamPending(id, consumer: consumer)
  }

  public mutating func endKey(_ end: KeyEnd) {
    if let measure = end.measure {
      string(byteCount: measure.blobByteCount, isInteger: measure.isInteger)
    } else if facts.valueHash != nil {
      string(byteCount: value.byteCount, isInteger: value.isInteger)
    }
    if facts.storedType == .string || facts.storedType.data == .module { facts.elementCount = 1 }
    serializedByteCount = end.storedByteCount
    if detail == .header { return }
    facts.encoding = estimate.loadedEncoding
    facts.memoryByteCount = estimate.byteCount
    facts.nearMiss = estimate.nearMiss
  }

  private var serializedByteCount: UInt64 = 0

  private mutating func string(byteCount: UInt64, isInteger: Bool) {
    estimate.string(byteCount: byteCount, isInteger: isInteger)
    facts.largest = byteCount
    facts.plainByteCount = byteCount
  }

  /// The key that ended last.
  public var row: MemoryRow {
    @_lifetime(borrow self)
    get {
      MemoryRow(
        name: heldName.span, largestElement: largest.span, facts: facts,
        serializedByteCount: serializedByteCount)
    }
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
