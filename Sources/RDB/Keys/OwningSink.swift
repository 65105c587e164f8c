import RDBFormat
import RDBSupport

/// A sink that copies keys and values.
struct OwningSink: RDBSink {
  /// The keys that were read; `nil` in place of those that were returned.
  private var keys: [SnapshotKey?] = []
  /// The number of keys that were returned.
  private var returnedCount = 0
  var auxFields: [(name: [UInt8], value: [UInt8])] = []
  var functionLibraries: [[UInt8]] = []
  /// A deferred error, thrown once the keys before it are returned.
  var failure: (any Error)?
  private let valueLimit: Int
  private let choice: (borrowing KeyHeader) -> SnapshotKeys.Choice

  // The current key.
  private var key: SnapshotKey?
  private var wantsValue = false
  private var isTooLarge = false
  /// The size of the value so far, as ``SnapshotKeys`` counts it.
  private var byteCount = 0
  // One of these holds the value's parts, by the key's type.
  private var bytes: [UInt8] = []
  private var elements: [[UInt8]] = []
  private var members: [(member: [UInt8], score: Double)] = []
  private var fields: [(field: [UInt8], value: [UInt8], expiry: UnixMilliseconds?)] = []
  private var items: [(index: UInt64, value: [UInt8])] = []
  private var paths: [(path: [UInt8], fields: [(field: [UInt8], value: [UInt8])])] = []
  private var insertIndex: UInt64?
  private var stream = SnapshotStream()
  private var module = ModuleID(rawValue: 0)

  init(valueLimit: Int, choice: @escaping (borrowing KeyHeader) -> SnapshotKeys.Choice) {
    self.valueLimit = valueLimit
    self.choice = choice
  }

  /// Counts a part of the value.
  ///
  /// - Returns: Whether the value is still within the limit.
  @inline(__always)
  private mutating func hasRoom(_ count: Int) -> Bool {
    byteCount &+= count
    if byteCount > valueLimit { isTooLarge = true }
    return !isTooLarge
  }

  @inline(__always)
  private func own(_ bytes: RawSpan) -> [UInt8] { [UInt8](bytes) }

  /// Room to reserve for a count that the file claims.
  private func capacity(_ claimed: UInt64?) -> Int { Int(min(claimed ?? 0, 1024)) }

  /// Returns the next key that was read but not returned yet; `nil` if there is none.
  mutating func nextKey() -> SnapshotKey? {
    guard returnedCount < keys.count else {
      keys.removeAll(keepingCapacity: true)
      returnedCount = 0
      return nil
    }
    let key = keys[returnedCount].take()
    returnedCount += 1
    return key
  }

  // MARK: The snapshot

  mutating func beginSnapshot(_ header: SnapshotHeader) {}
  mutating func aux(_ field: borrowing AuxField) { auxFields.append((own(field.name), own(field.value))) }
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) {
    functionLibraries.append(own(library.code))
  }
  mutating func beginModuleAux(_ aux: ModuleAux) -> Bool { false }
  mutating func slots(_ slots: borrowing SlotHint) {}
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) {}
  mutating func endSnapshot(_ end: SnapshotEnd) {}

  // MARK: Keys

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    let choice = choice(key)
    if choice == .skip {
      self.key = nil
      return .skip
    }
    self.key = SnapshotKey(
      name: own(key.name), database: key.database, storedType: key.storedType, expiry: key.expiry,
      idleSeconds: key.idleSeconds, frequency: key.frequency, value: .notRead)
    wantsValue = choice == .value
    guard wantsValue else { return .skip }
    byteCount = 0
    isTooLarge = false
    guard key.type == .module else { return .elements }
    // Until the stored value arrives: over the limit, items come instead of it.
    isTooLarge = true
    module = key.module ?? ModuleID(rawValue: 0)
    return .stored(atMost: UInt64(clamping: valueLimit))
  }

  mutating func endKey(_ end: KeyEnd) {
    guard var key = key.take() else { return }
    if wantsValue { key.value = takeValue(key.type) }
    keys.append(key)
  }

  mutating func takeValue(_ type: DataType) -> SnapshotValue {
    let value: SnapshotValue
    switch type {
    case .string: value = .string(exchange(&bytes, with: []))
    case .list: value = .list(exchange(&elements, with: []))
    case .set: value = .set(exchange(&elements, with: []))
    case .zset: value = .zset(exchange(&members, with: []))
    case .hash: value = .hash(exchange(&fields, with: []))
    case .array: value = .array(exchange(&items, with: []), insertIndex: exchange(&insertIndex, with: nil))
    case .pathHash: value = .pathHash(exchange(&paths, with: []))
    case .module: value = .module(module, stored: exchange(&bytes, with: []))
    case .stream: value = .stream(exchange(&stream, with: SnapshotStream()))
    }
    return isTooLarge ? .tooLarge : value
  }

  // MARK: Values

  mutating func beginStored(byteCount: UInt64) {
    isTooLarge = false
    bytes.reserveCapacity(min(Int(clamping: byteCount), 1 << 20))
  }
  mutating func stored(_ chunk: RawSpan) {
    if hasRoom(chunk.byteCount) { bytes.append(chunk) }
  }
  mutating func endStored() {}
  /// Does nothing: a module's value arrives as items only if it is over the limit.
  mutating func moduleItem(_ item: borrowing ModuleItem) {}
  mutating func string(_ value: RawSpan) { if hasRoom(value.byteCount) { bytes = own(value) } }

  mutating func beginElements(_ header: ElementsHeader) {
    insertIndex = header.insertIndex
    let capacity = capacity(header.count)
    switch key?.type {
    case .list, .set: elements.reserveCapacity(capacity)
    case .zset: members.reserveCapacity(capacity)
    case .hash: fields.reserveCapacity(capacity)
    case .array: items.reserveCapacity(capacity)
    case .pathHash: paths.reserveCapacity(capacity)
    case .string, .stream, .module, nil: break
    }
  }
  mutating func listElement(_ element: RawSpan) {
    if hasRoom(element.byteCount) { elements.append(own(element)) }
  }
  mutating func setMember(_ member: RawSpan) {
    if hasRoom(member.byteCount) { elements.append(own(member)) }
  }
  mutating func zsetMember(_ member: RawSpan, score: Double) {
    if hasRoom(member.byteCount &+ 8) { members.append((own(member), score)) }
  }
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) {
    if hasRoom(field.byteCount &+ value.byteCount) {
      fields.append((own(field), own(value), expiry))
    }
  }
  mutating func arrayElement(index: UInt64, value: RawSpan) {
    if hasRoom(value.byteCount &+ 8) { items.append((index, own(value))) }
  }
  mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) {
    if hasRoom(path.byteCount) { paths.append((own(path), [])) }
  }
  mutating func pathField(_ field: RawSpan, value: RawSpan) {
    guard hasRoom(field.byteCount &+ value.byteCount) else { return }
    paths[paths.count - 1].fields.append((own(field), own(value)))
  }

  // MARK: Streams

  mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) {}
  mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) {
    if hasRoom(16) { stream.entries.append((id, [])) }
  }
  mutating func streamField(_ field: RawSpan, value: RawSpan) {
    guard hasRoom(field.byteCount &+ value.byteCount) else { return }
    stream.entries[stream.entries.count - 1].fields.append((own(field), own(value)))
  }
  mutating func streamInfo(_ info: StreamInfo) { stream.info = info }
  mutating func streamGroup(_ group: borrowing StreamGroup) {
    guard hasRoom(group.name.byteCount &+ 16) else { return }
    stream.groups.append(
      .init(name: own(group.name), lastDelivered: group.lastDelivered, entriesRead: group.entriesRead))
  }
  mutating func streamConsumer(_ consumer: borrowing StreamConsumer) {
    guard hasRoom(consumer.name.byteCount) else { return }
    stream.groups[stream.groups.count - 1].consumers.append(
      (own(consumer.name), consumer.seen, consumer.active))
  }
  mutating func streamPending(_ pending: borrowing StreamPending) {
    guard hasRoom(16) else { return }
    let consumers = stream.groups[stream.groups.count - 1].consumers
    stream.groups[stream.groups.count - 1].pending.append(
      (pending.id, pending.consumerIndex.map { consumers[$0].name }, pending.delivered, pending.deliveryCount))
  }
  mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) {
    stream.idempotency = (durationSeconds, maxEntries, 0, 0, [])
  }
  mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) {
    guard hasRoom(id.byteCount &+ 16) else { return }
    let (name, id) = (own(producer), own(id))
    stream.remember(id, entry: entry, of: name)
  }
  mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) {
    stream.idempotency?.idsAdded = idsAdded
    stream.idempotency?.idsDuplicate = idsDuplicate
  }
}
