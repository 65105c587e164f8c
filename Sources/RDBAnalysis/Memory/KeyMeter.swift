public import RDB
public import RDBFormat
import RDBSupport

/// Measures keys from their events, one key after another.
///
/// Strings are only measured. Other values are decoded element by element, to find the largest element and the encoding
/// that a server chooses when it loads the value. The meter does not allocate per key or element.
@usableFromInline package struct KeyMeter: ~Copyable {
  private var estimate: MemoryEstimate
  private var measurements = KeyMeasurements()
  private var heldName = HeldBytes()
  private var largest = HeldBytes()
  /// The size of the current stream entry, or of the fields at the current path, in bytes.
  private var entryByteCount: UInt64 = 0
  private var entryID = StreamID.zero
  /// The current path of a path hash.
  private var pathName = HeldBytes()
  private let detail: Detail
  private var value = StoredString()

  /// The parts of each key that the meter reads.
  @usableFromInline package enum Detail: Hashable, Sendable {
    /// The type, name and expiry of the key, and the stored size of its value.
    case header
    /// The elements, and all of `header`.
    case elements
  }

  @usableFromInline package init(_ model: ServerModel, _ detail: Detail = .elements) {
    estimate = MemoryEstimate(model)
    self.detail = detail
  }

  /// Begins a key.
  ///
  /// - Parameter hashesValue: Whether to hash the value of a string.
  @usableFromInline package mutating func beginKey(_ key: borrowing KeyHeader, hashesValue: Bool) -> Interest {
    measurements = KeyMeasurements(
      database: key.database, storedType: key.storedType, expiry: key.expiry, idleSeconds: key.idleSeconds,
      frequency: key.frequency, offset: key.offset)
    heldName.hold(key.name)
    largest.removeAll()
    if detail == .header { return .skip }
    estimate.begin(key.storedType, keyByteCount: key.name.byteCount, expires: key.expiry != nil)
    switch key.type {
    case .string: return hashesValue ? .stored : .measure
    case .module: return .skip
    case .list, .set, .zset, .hash, .stream, .array, .pathHash: return .elements
    }
  }

  /// Measures the value of a string that is read whole.
  package mutating func string(_ value: RawSpan) {
    let isInteger =
      value.byteCount <= DecimalText.maximumByteCount && DecimalText.parseCanonical(value) != nil
    string(byteCount: UInt64(value.byteCount), isInteger: isInteger)
  }

  @usableFromInline package mutating func beginStored() { value = StoredString() }

  @usableFromInline package mutating func stored(_ chunk: RawSpan) { value.add(chunk) }

  @usableFromInline package mutating func endStored() { measurements.valueHash = value.finish() }

  @usableFromInline package mutating func beginElements(_ header: ElementsHeader) {
    estimate.beginElements(header)
    measurements.plainByteCount = UInt64(header.firstBlobByteCount)
    countsElements = header.firstBlobByteCount == 0
  }

  /// Whether the elements are stored one by one, not in packed blobs.
  private var countsElements = false

  @usableFromInline package mutating func node(_ node: ValueNode) {
    estimate.node(node)
    // `beginElements` has counted the first node of a list, whose size its header has; streams have no such header.
    if measurements.storedType.data == .stream || measurements.elementCount > 0 {
      measurements.plainByteCount &+= UInt64(node.byteCount)
    }
  }

  @usableFromInline package mutating func listElement(_ element: RawSpan) {
    estimate.element(element)
    count(element)
    if isLargest(UInt64(element.byteCount)) { largest.hold(decimal: measurements.elementCount) }
    measurements.elementCount &+= 1
  }

  @usableFromInline package mutating func setMember(_ member: RawSpan) {
    estimate.element(member)
    count(member)
    if isLargest(UInt64(member.byteCount)) { largest.hold(member) }
    measurements.elementCount &+= 1
  }

  @usableFromInline package mutating func zsetMember(_ member: RawSpan, score: Double) {
    estimate.zsetMember(member, score: score)
    count(member)
    if countsElements { measurements.plainByteCount &+= 8 }
    if isLargest(UInt64(member.byteCount)) { largest.hold(member) }
    measurements.elementCount &+= 1
  }

  @usableFromInline package mutating func hashField(_ field: RawSpan, value: RawSpan, expires: Bool) {
    estimate.hashField(field, value: value, expires: expires)
    count(field)
    count(value)
    if isLargest(UInt64(value.byteCount)) { largest.hold(field) }
    measurements.elementCount &+= 1
  }

  @usableFromInline package mutating func arrayElement(index: UInt64, value: RawSpan) {
    estimate.element(value)
    count(value)
    if isLargest(UInt64(value.byteCount)) { largest.hold(decimal: index) }
    measurements.elementCount &+= 1
  }

  @usableFromInline package mutating func beginPath(_ path: RawSpan) {
    endPath()
    estimate.element(path)
    count(path)
    pathName.hold(path)
    measurements.elementCount &+= 1
  }

  @usableFromInline package mutating func pathField(_ field: RawSpan, value: RawSpan) {
    estimate.pathField(field, value: value)
    count(field)
    count(value)
    entryByteCount &+= UInt64(field.byteCount) &+ UInt64(value.byteCount)
  }

  /// Ends the current path, if there is one. Its size is that of its fields and values.
  private mutating func endPath() {
    if measurements.elementCount > 0, isLargest(entryByteCount) { swap(&largest, &pathName) }
    entryByteCount = 0
  }

  @inline(__always)
  private mutating func count(_ bytes: RawSpan) {
    if countsElements { measurements.plainByteCount &+= UInt64(bytes.byteCount) }
  }

  @usableFromInline package mutating func beginStreamEntry(_ id: StreamID) {
    endStreamEntry()
    entryID = id
    measurements.elementCount &+= 1
  }

  @usableFromInline package mutating func streamField(_ field: RawSpan, value: RawSpan) {
    entryByteCount &+= UInt64(field.byteCount) &+ UInt64(value.byteCount)
  }

  /// Ends the current stream entry, if there is one. Also called after the last entry.
  @usableFromInline package mutating func endStreamEntry() {
    if measurements.elementCount > 0, isLargest(entryByteCount) { largest.hold(entryID) }
    entryByteCount = 0
  }

  @usableFromInline package mutating func streamGroup() { estimate.streamGroup() }

  @usableFromInline package mutating func streamConsumer(nameByteCount: Int) {
    estimate.streamConsumer(nameByteCount: nameByteCount)
  }

  @usableFromInline package mutating func streamPending(_ id: StreamID, consumer: Int?) {
    estimate.streamPending(id, consumer: consumer)
  }

  @usableFromInline package mutating func endKey(_ end: KeyEnd) {
    if let measure = end.measure {
      string(byteCount: measure.blobByteCount, isInteger: measure.isInteger)
    } else if measurements.valueHash != nil {
      string(byteCount: value.byteCount, isInteger: value.isInteger)
    }
    if measurements.storedType == .string || measurements.storedType.data == .module { measurements.elementCount = 1 }
    serializedByteCount = end.storedByteCount
    if measurements.storedType == .pathHash { endPath() }
    if detail == .header { return }
    let result = estimate.finish()
    measurements.encoding = result.encoding
    measurements.memoryByteCount = result.byteCount
    measurements.nearMiss = result.nearMiss
  }

  private var serializedByteCount: UInt64 = 0

  private mutating func string(byteCount: UInt64, isInteger: Bool) {
    estimate.string(byteCount: byteCount, isInteger: isInteger)
    measurements.largest = byteCount
    measurements.plainByteCount = byteCount
  }

  /// The last key that ended.
  ///
  /// The getter is `mutating`, because one that only borrows would copy the whole meter for each key.
  @usableFromInline package var measuredKey: MeasuredKey {
    @_lifetime(&self)
    mutating get {
      MeasuredKey(
        name: heldName.span, largestElement: largest.span, measurements: measurements,
        serializedByteCount: serializedByteCount)
    }
  }

  /// Records the size of an element.
  ///
  /// - Returns: Whether the element is the largest so far. Of elements of the same size, the first counts.
  @inline(__always)
  private mutating func isLargest(_ byteCount: UInt64) -> Bool {
    guard byteCount > measurements.largest || measurements.elementCount == 0 else { return false }
    measurements.largest = byteCount
    return true
  }
}
