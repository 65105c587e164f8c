public import RDB
public import RDBFormat
import RDBSupport

/// Streams that arrive as elements.
///
/// The nodes wait for their number. A group and its consumers are written with its first pending entry; the IDs of each
/// consumer follow after the last one, 16 bytes each.
extension SnapshotWritingSink {
  struct StreamState: ~Copyable {
    var packer = StreamPacker()
    var type = ValueType.streamListpacks
    var hasBegun = false
    var info: StreamInfo?
    var isEntryWritten = false
    // The open group.
    var group: [UInt8] = []
    var isGroupOpen = false
    var lastDelivered = StreamID.zero
    var entriesRead = EntriesRead.unknown
    var consumers: [Consumer] = []
    var pending: [Pending] = []
    /// The ID of each released entry.
    var released: [StreamID] = []
    // The open producer.
    var hasProducers = false
    var producer: [UInt8] = []
    var idBytes: [UInt8] = []
    var ids: [(end: Int, entry: StreamID)] = []

    struct Consumer {
      var name: [UInt8]
      var seen: UnixMilliseconds
      var active: UnixMilliseconds
      var pending: [StreamID] = []
    }

    struct Pending {
      var id: StreamID
      var delivered: UnixMilliseconds
      var count: UInt64
    }
  }

  /// The consumer of released entries on servers where every pending entry has a consumer.
  private static var releasedConsumer: [UInt8] { Array("swift-rdb:released".utf8) }

  // MARK: Entries

  /// Does nothing: the numbers come again after the entries.
  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {}

  /// Adds an entry.
  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    guard key.form != .lost else { return }
    if !stream.hasBegun { try beginStream() }
    try stream.packer.endEntry(limits, to: &writer)
    stream.isEntryWritten = id > stream.packer.lastID
    guard stream.isEntryWritten else { return lose(.entry, "its ID is not above the one before") }
    stream.packer.begin(id)
  }

  /// Adds a field to the entry.
  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    if key.form != .lost, stream.isEntryWritten { stream.packer.field(field, value: value) }
  }

  private mutating func beginStream() throws {
    key.form = .streamed
    stream.hasBegun = true
    stream.type = streamType
    stream.packer.removeAll()
    stream.info = nil
    stream.hasProducers = false
    let name = name
    try writer.beginStream(name.span.bytes, stream.type, nodeCount: nil, key.attributes)
  }

  /// The stored type, if the release can load it and the stream may have what only that type holds.
  private var streamType: ValueType {
    let version = key.type.layout.streamVersion
    if version >= 5, limits.server.canLoad(.streamListpacks5) { return .streamListpacks5 }
    if version >= 4, limits.server.canLoad(.streamListpacks4) { return .streamListpacks4 }
    return writer.streamType(limits)
  }

  /// Ends the entries, and writes the stream's numbers.
  public mutating func streamInfo(_ info: StreamInfo) throws {
    guard key.form != .lost else { return }
    if !stream.hasBegun { try beginStream() }
    try stream.packer.endEntry(limits, to: &writer)
    try stream.packer.endNode(to: &writer)
    var info = info.completed(firstLive: stream.packer.firstID)
    info.length = stream.packer.count
    stream.info = info
    try writer.streamInfo(info)
  }

  // MARK: Groups

  /// Begins a group.
  public mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    guard key.form != .lost else { return }
    try endGroup()
    group.name.copy(to: &stream.group)
    stream.isGroupOpen = true
    stream.lastDelivered = group.lastDelivered
    stream.entriesRead = group.entriesRead
    if case .absent = group.entriesRead, let info = stream.info {
      stream.entriesRead = info.entriesRead(upTo: group.lastDelivered).map { .known($0) } ?? .unknown
    }
    stream.consumers.removeAll(keepingCapacity: true)
    stream.pending.removeAll(keepingCapacity: true)
    stream.released.removeAll(keepingCapacity: true)
  }

  /// Adds a consumer to the group.
  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    guard key.form != .lost else { return }
    stream.consumers.append(
      StreamState.Consumer(
        name: [UInt8](consumer.name), seen: consumer.seen, active: consumer.active ?? consumer.seen))
  }

  /// Adds a pending entry to the group.
  public mutating func streamPending(_ pending: borrowing StreamPending) throws {
    guard key.form != .lost else { return }
    stream.pending.append(
      StreamState.Pending(id: pending.id, delivered: pending.delivered, count: pending.deliveryCount))
    if let consumer = pending.consumerIndex, stream.consumers.indices.contains(consumer) {
      stream.consumers[consumer].pending.append(pending.id)
    } else {
      stream.released.append(pending.id)
    }
  }

  /// Writes the open group.
  private mutating func endGroup() throws {
    guard stream.isGroupOpen else { return }
    stream.isGroupOpen = false
    if !stream.released.isEmpty, stream.type != .streamListpacks5 { assignReleased() }
    let group = stream.group
    try writer.streamGroup(
      group.span.bytes, lastDelivered: stream.lastDelivered, entriesRead: stream.entriesRead,
      pendingCount: UInt64(stream.pending.count), consumerCount: UInt64(stream.consumers.count))
    for entry in stream.pending {
      try writer.streamPending(entry.id, delivered: entry.delivered, deliveryCount: entry.count)
    }
    for consumer in stream.consumers {
      try writer.streamConsumer(
        consumer.name.span.bytes, seen: consumer.seen, active: consumer.active,
        pendingCount: UInt64(consumer.pending.count))
      for id in consumer.pending { try writer.streamConsumerPending(id) }
    }
    if stream.type == .streamListpacks5 { try writer.streamReleased(stream.released) }
    stream.consumers.removeAll()
    stream.pending.removeAll()
    stream.released.removeAll()
  }

  /// Gives the released entries to an additional consumer, because the release has no entries without one.
  private mutating func assignReleased() {
    lose(
      .pendingEntry,
      "released, without a consumer, needs \(DataFeature.releasedEntries.since.neededServer): pending for swift-rdb:released",
      count: UInt64(stream.released.count))
    let index =
      stream.consumers.firstIndex { $0.name == Self.releasedConsumer }
      ?? {
        stream.consumers.append(
          StreamState.Consumer(name: Self.releasedConsumer, seen: UnixMilliseconds(0), active: UnixMilliseconds(-1)))
        return stream.consumers.count - 1
      }()
    stream.consumers[index].pending = (stream.consumers[index].pending + stream.released).sorted()
    stream.released.removeAll()
  }

  // MARK: Idempotent producers

  /// Begins the producers.
  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws {
    guard key.form != .lost else { return }
    try endGroup()
    stream.producer.removeAll()
    stream.ids.removeAll()
    stream.idBytes.removeAll()
    guard stream.type == .streamListpacks4 || stream.type == .streamListpacks5 else {
      if producerCount > 0 {
        summary.ledger.note(
          "idempotency settings and IDs, which need \(DataFeature.idempotency.since.neededServer)", key: name,
          offset: key.offset)
      }
      return
    }
    stream.hasProducers = true
    try writer.streamProducers(durationSeconds: durationSeconds, maxEntries: maxEntries, count: nil)
  }

  /// Adds an ID of a producer.
  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    guard key.form != .lost, stream.hasProducers else { return }
    if [UInt8](producer) != stream.producer {
      try endProducer()
      producer.copy(to: &stream.producer)
    }
    stream.idBytes.append(id)
    stream.ids.append((stream.idBytes.count, entry))
  }

  private mutating func endProducer() throws {
    guard !stream.ids.isEmpty else { return }
    let (producer, bytes) = (stream.producer, stream.idBytes)
    try writer.streamProducer(producer.span.bytes, idCount: UInt64(stream.ids.count))
    var start = 0
    for (end, entry) in stream.ids {
      try writer.streamProducerID(bytes.span.bytes.extracting(start..<end), entry: entry)
      start = end
    }
    stream.ids.removeAll()
    stream.idBytes.removeAll()
  }

  /// Ends the producers.
  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    guard key.form != .lost, stream.hasProducers else { return }
    try endProducer()
    try writer.streamProducersEnd(idsAdded: idsAdded, idsDuplicate: idsDuplicate)
  }

  /// Ends a stream.
  mutating func endStream() throws {
    try endGroup()
    stream.hasBegun = false
    try writer.endKey()
    endWrittenKey()
  }
}
