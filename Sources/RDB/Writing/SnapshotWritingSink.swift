public import RDBFormat
import RDBSupport

/// A sink that writes the events that it gets as a snapshot.
///
///     let copy = SnapshotWritingSink(to: try FileDestination(path: "copy.rdb"))
///     print(try reader.fold(copy).summary.keyCount)
///
/// A snapshot that is read without a filter is copied byte for byte: values, names and AUX fields keep their stored
/// form. Inside a filter (``ForwardingSink``), the keys that pass keep their stored form, and a key whose header a filter
/// changed gets a new header before its stored value.
///
/// Where a filter changes elements, and where a stored value refers to a hash template elsewhere in the snapshot, the
/// value arrives as elements and is written again: a list, set, sorted set or hash in the form that has one string per
/// element. This holds one collection at a time in memory. Streams, arrays and modules are only copied as stored.
///
/// RESIZEDB and slot hints pass unchanged; they are hints, which may be too large after a filter. Bytes that follow the
/// snapshot in the same input are not part of the copy. If reading ends early
/// (``RDBError/stop``), the copy is a valid snapshot of the keys so far.
public struct SnapshotWritingSink: FoldingSink, ~Copyable {
  /// The form in which the current value arrives.
  private enum Arrival { case nothing, stored, elements }

  private var writer: RDBWriter?
  private let destination: any ByteDestination
  private let compressor: (any StringCompressor)?
  private var storesChecksum = true
  private var database: UInt64?
  private var isModuleAux = false

  // The current key.
  private var name: [UInt8] = []
  private var prefix: [UInt8] = []
  private var storedType = ValueType.string
  private var module: ModuleID?
  private var attributes = KeyAttributes()
  private var arrival = Arrival.nothing
  private var elements = HeldElements()

  /// Creates a sink.
  ///
  /// - Parameters:
  ///   - destination: The destination of the snapshot. Its version and vendor are those of the snapshot that is read.
  ///   - compressor: Compresses the strings of values that are written again; `nil`: none is compressed.
  public init(to destination: any ByteDestination, compressor: (any StringCompressor)? = nil) {
    self.destination = destination
    self.compressor = compressor
  }

  /// Writes the end of the snapshot, and all bytes that are still buffered.
  ///
  /// - Returns: The size and the checksum of the snapshot; zero bytes if no header was read.
  /// - Throws: ``RDBError`` (`misplaced`) inside a value.
  public consuming func finish() throws -> RDBWriter.Summary {
    let storesChecksum = storesChecksum
    guard let writer = writer.take() else {
      return RDBWriter.Summary(byteCount: 0, keyCount: 0, checksum: nil)
    }
    return try writer.finish(storesChecksum: storesChecksum)
  }

  private mutating func select(_ database: UInt64) throws {
    if self.database == database { return }
    try writer!.selectDatabase(database)
    self.database = database
  }
}

extension RDBWriter.Summary: MergeableSummary {
  /// Adds the counts of another snapshot; the sum has no checksum.
  public mutating func merge(_ other: Self) {
    byteCount += other.byteCount
    keyCount += other.keyCount
    checksum = nil
  }
}

extension SnapshotWritingSink {
  // MARK: The snapshot

  /// Writes the header.
  public mutating func beginSnapshot(_ header: SnapshotHeader) throws {
    writer = try RDBWriter(to: destination, header: header, compressor: compressor)
  }

  /// Writes the field.
  public mutating func aux(_ field: borrowing AuxField) throws {
    try writer!.copy(field.stored)
  }

  /// Writes the library.
  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    try writer!.copy(library.stored)
  }

  /// Asks for the module's bytes.
  public mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    try writer!.beginModuleAux(aux)
    isModuleAux = true
    return true
  }

  /// Writes the hint. A slot import is written with its first range.
  public mutating func slots(_ slots: borrowing SlotHint) throws {
    if slots.stored.byteCount > 0 { try writer!.copy(slots.stored) }
  }

  /// Writes RESIZEDB.
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {
    try select(database)
    try writer!.databaseSize(keys: keys, expiring: expiring)
  }

  /// Notes whether the snapshot has a checksum.
  public mutating func endSnapshot(_ end: SnapshotEnd) throws {
    if end.checksum == .disabled { storesChecksum = false }
  }

  // MARK: Keys

  /// Asks for the value as stored.
  public mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    try select(key.database)
    key.name.copy(to: &name)
    key.storedPrefix.copy(to: &prefix)
    storedType = key.storedType
    module = key.module
    attributes = KeyAttributes(expiry: key.expiry, idleSeconds: key.idleSeconds, frequency: key.frequency)
    if key.metadata.byteCount > 0 { key.metadata.copy(to: &attributes.metadata) }
    arrival = .nothing
    return .stored
  }

  /// Writes the key's header.
  public mutating func beginStored(byteCount: UInt64) throws {
    if isModuleAux { return }
    arrival = .stored
    // A copy shares the bytes: the writer's access to `self` would overlap with that to the property.
    let (name, prefix) = (name, prefix)
    if !prefix.isEmpty { return try writer!.beginStored(prefix: prefix.span.bytes) }
    try writer!.beginStored(name.span.bytes, storedType, attributes, module: module)
  }

  /// Writes a part of the value.
  public mutating func stored(_ chunk: RawSpan) throws { try writer!.stored(chunk) }

  /// Ends the value.
  public mutating func endStored() throws {
    if isModuleAux {
      isModuleAux = false
      try writer!.endModuleAux()
    } else {
      try writer!.endKey()
    }
  }

  /// Writes a key whose value arrived as elements.
  public mutating func endKey(_ end: KeyEnd) throws {
    guard arrival == .elements else { return }
    let name = name
    try elements.write(name.span.bytes, storedType.data, attributes, to: &writer!)
  }

  // MARK: Elements

  /// Writes a string key.
  public mutating func string(_ value: RawSpan) throws {
    let name = name
    try writer!.string(name.span.bytes, value, attributes)
  }

  /// Begins to hold a collection.
  public mutating func beginElements(_ header: ElementsHeader) throws {
    arrival = .elements
    elements.removeAll()
  }

  /// Holds the element.
  public mutating func listElement(_ element: RawSpan) throws { elements.append(element) }
  /// Holds the member.
  public mutating func setMember(_ member: RawSpan) throws { elements.append(member) }
  /// Holds the member and its score.
  public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    elements.append(member)
    elements.scores.append(score)
  }
  /// Holds the field.
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    elements.append(field)
    elements.append(value)
    elements.expiries.append(expiry)
  }

  /// Refuses the element: arrays are only copied as stored.
  public mutating func arrayElement(index: UInt64, value: RawSpan) throws { throw onlyStored() }
  /// Refuses the path: path hashes are only copied as stored.
  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws { throw onlyStored() }
  /// Refuses the field: path hashes are only copied as stored.
  public mutating func pathField(_ field: RawSpan, value: RawSpan) throws { throw onlyStored() }
  /// Refuses the item: modules are only copied as stored.
  public mutating func moduleItem(_ item: borrowing ModuleItem) throws { throw onlyStored() }
  /// Ignores the outline.
  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {}
  /// Refuses the entry: streams are only copied as stored.
  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws { throw onlyStored() }
  /// Refuses the field: streams are only copied as stored.
  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws { throw onlyStored() }
  /// Refuses the numbers: streams are only copied as stored.
  public mutating func streamInfo(_ info: StreamInfo) throws { throw onlyStored() }
  /// Refuses the group: streams are only copied as stored.
  public mutating func streamGroup(_ group: borrowing StreamGroup) throws { throw onlyStored() }
  /// Refuses the consumer: streams are only copied as stored.
  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws { throw onlyStored() }
  /// Refuses the pending entry: streams are only copied as stored.
  public mutating func streamPending(_ pending: borrowing StreamPending) throws { throw onlyStored() }
  /// Refuses the settings: streams are only copied as stored.
  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws {
    throw onlyStored()
  }
  /// Refuses the ID: streams are only copied as stored.
  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    throw onlyStored()
  }
  /// Refuses the counts: streams are only copied as stored.
  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws { throw onlyStored() }

  @inline(never)
  private func onlyStored() -> RDBError {
    .notRepresentable("a \(storedType.data.rawValue) as stored", "single elements")
  }
}

/// The elements of one collection, until their number is known.
private struct HeldElements {
  private var bytes: [UInt8] = []
  /// The end of each element in `bytes`.
  private var ends: [Int] = []
  var scores: [Double] = []
  var expiries: [UnixMilliseconds?] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 20)
    ends.removeAll(keepingCapacity: ends.capacity < 1 << 16)
    scores.removeAll(keepingCapacity: scores.capacity < 1 << 16)
    expiries.removeAll(keepingCapacity: expiries.capacity < 1 << 16)
  }

  mutating func append(_ element: RawSpan) {
    bytes.append(element)
    ends.append(bytes.count)
  }

  /// Writes the key, unless it has no elements: servers refuse such a key.
  func write(_ name: RawSpan, _ data: DataType, _ attributes: KeyAttributes, to writer: inout RDBWriter) throws {
    if ends.isEmpty { return }
    let all = bytes.span.bytes
    var first = 0
    switch data {
    case .list, .set:
      try writer.beginElements(name, data == .list ? .list : .set, count: UInt64(ends.count), attributes)
      for end in ends {
        let element = all.extracting(first..<end)
        if data == .list { try writer.listElement(element) } else { try writer.setMember(element) }
        first = end
      }
    case .zset:
      try writer.beginElements(
        name, writer.canWrite(.zset2) ? .zset2 : .zset, count: UInt64(ends.count), attributes)
      for (end, score) in zip(ends, scores) {
        try writer.zsetMember(all.extracting(first..<end), score: score)
        first = end
      }
    case .hash:
      let earliest = expiries.lazy.compactMap { $0 }.min()
      let expiring: ValueType = writer.canWrite(.hashMetadata) ? .hashMetadata : .hash2
      try writer.beginElements(
        name, earliest == nil ? .hash : expiring, count: UInt64(expiries.count), firstExpiry: earliest, attributes)
      for (index, expiry) in expiries.enumerated() {
        let (middle, end) = (ends[2 * index], ends[2 * index + 1])
        try writer.hashField(all.extracting(first..<middle), value: all.extracting(middle..<end), expiry: expiry)
        first = end
      }
    case .string, .stream, .array, .pathHash, .module: return
    }
    try writer.endKey()
  }
}

extension RawSpan {
  /// Replaces the content of `array`.
  fileprivate func copy(to array: inout [UInt8]) {
    array.removeAll(keepingCapacity: true)
    array.append(self)
  }
}
