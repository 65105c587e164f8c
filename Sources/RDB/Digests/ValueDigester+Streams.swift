public import RDBFormat
import RDBSupport

extension ValueDigester {
  /// The parts of a stream that are added to the message after its entries.
  struct StreamState: Sendable {
    /// The ID of the first live entry.
    var firstID: StreamID?
    var info: StreamInfo?
    /// The message of the current group; `nil`: no group has begun.
    var group: SipHash?
    var consumers = DigestSum()
    var pending = DigestSum()
    /// The settings of idempotent producers.
    var idempotency: (duration: UInt64, maximum: UInt64, producers: UInt64)?
    var idempotencyIDs = DigestSum()
    var idempotencyCounts: (added: UInt64, duplicates: UInt64) = (0, 0)
  }

  /// Adds the entry's ID and the number of its fields.
  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) {
    if elementCount == 0 { stream.firstID = id }
    elementCount &+= 1
    value.add(id)
    value.add(UInt64(fieldCount))
    byteCount &+= 16
  }

  /// Adds the field.
  public mutating func streamField(_ field: RawSpan, value: RawSpan) {
    self.value.add(field)
    self.value.add(value)
    count(field)
    count(value)
  }

  /// Keeps the numbers, which follow the entries in the message.
  public mutating func streamInfo(_ info: StreamInfo) { stream.info = info }

  /// Begins the group.
  public mutating func streamGroup(_ group: borrowing StreamGroup) {
    endGroup()
    var state = beginnings.group
    state.add(group.name)
    state.add(group.lastDelivered)
    state.add(group.entriesRead(ofEntries: elementCount, firstID: stream.firstID, stream.info) ?? .max)
    stream.group = state
    stream.consumers = DigestSum()
    stream.pending = DigestSum()
  }

  /// Adds the consumer's name to the group.
  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) {
    var state = beginnings.consumer
    state.add(consumer.name)
    stream.consumers.add(ValueDigest(state))
  }

  /// Adds the pending entry to the group.
  public mutating func streamPending(_ pending: borrowing StreamPending) {
    var state = pending.consumerIndex == nil ? beginnings.released : beginnings.pending
    state.add(pending.id)
    state.add(UInt64(bitPattern: pending.delivered.value))
    state.add(pending.deliveryCount)
    if pending.consumerIndex != nil { state.add(pending.consumer) }
    stream.pending.add(ValueDigest(state))
  }

  /// Keeps the settings.
  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) {
    stream.idempotency = (durationSeconds, maxEntries, producerCount)
  }

  /// Adds the ID.
  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) {
    var state = beginnings.producer
    state.add(producer)
    state.add(id)
    state.add(entry)
    stream.idempotencyIDs.add(ValueDigest(state))
  }

  /// Keeps the counts.
  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) {
    stream.idempotencyCounts = (idsAdded, idsDuplicate)
  }

  private mutating func endGroup() {
    guard var state = stream.group else { return }
    state.add(stream.consumers)
    state.add(stream.pending)
    elements.add(ValueDigest(state))
    stream.group = nil
  }

  /// Adds a stream's numbers, groups and idempotency to its message.
  mutating func endStream() {
    endGroup()
    value.add(elementCount)
    value.add(stream.info?.lastID ?? .zero)
    value.add(stream.info?.maxDeletedID ?? .zero)
    value.add(stream.info?.entriesAdded ?? elementCount)
    value.add(elements)
    let (added, duplicates) = stream.idempotencyCounts
    guard let idempotency = stream.idempotency,
      idempotency.producers != 0 || stream.idempotencyIDs.count != 0 || added != 0 || duplicates != 0
    else { return value.add(0) }
    value.add(1)
    value.add(idempotency.duration)
    value.add(idempotency.maximum)
    value.add(idempotency.producers)
    value.add(stream.idempotencyIDs)
    value.add(added)
    value.add(duplicates)
  }
}

extension StreamGroup {
  /// The number of entries that the group has read; `nil`: unknown.
  ///
  /// Old stored types lack the number: servers estimate it when they load the stream, and so does this. Source:
  /// `streamEstimateDistanceFromFirstEverEntry` in Redis `src/t_stream.c`.
  ///
  /// - Parameters:
  ///   - entryCount: The number of live entries.
  ///   - firstID: The ID of the first live entry.
  ///   - info: The stream's numbers.
  package func entriesRead(ofEntries entryCount: UInt64, firstID: StreamID?, _ info: StreamInfo?) -> UInt64? {
    switch entriesRead {
    case .known(let count): return count
    case .unknown: return nil
    case .absent: break
    }
    let added = info?.entriesAdded ?? entryCount
    let lastID = info?.lastID ?? .zero
    if added == 0 { return 0 }
    if lastDelivered > lastID { return nil }
    guard let firstID, lastDelivered != lastID else { return added }
    if lastDelivered < firstID { return added &- entryCount }
    return lastDelivered == firstID ? added &- entryCount &+ 1 : nil
  }
}

extension SipHash {
  /// Adds an ID as two words.
  @inline(__always)
  mutating func add(_ id: StreamID) {
    add(id.milliseconds)
    add(id.sequence)
  }
}
