import RDBFormat

/// Streams. Order of calls:
///
///     beginStream  streamNode*  streamInfo  ( streamGroup streamPending*
///       ( streamConsumer streamConsumerPending* )*  [ streamReleased ] )*
///       [ streamProducers ( streamProducer streamProducerID* )* streamProducersEnd ]  endKey
///
/// Released entries are part of each group of a `stream_listpacks_5`, producers of a `stream_listpacks_4` and `_5`.
///
/// Source: `rdbSaveObject`, `rdbSaveStreamPEL`, `rdbSaveStreamConsumers` in Redis `src/rdb.c`.
extension RDBWriter {
  /// Begins a stream; `nodeCount` calls of ``streamNode(_:_:)`` and one of ``streamInfo(_:)`` must follow.
  ///
  /// - Parameters:
  ///   - name: The key's name.
  ///   - type: `stream_listpacks` (Redis 5.0), `_2` (7.0), `_3` (7.2), `_4` (8.6) or `_5` (8.8).
  ///   - nodeCount: The number of nodes; 0 for a stream without entries; `nil`: the nodes wait for ``streamInfo(_:)``.
  ///   - attributes: The key's expiry, idle time, frequency and metadata.
  package mutating func beginStream(
    _ name: RawSpan, _ type: ValueType, nodeCount: UInt64?,
    _ attributes: KeyAttributes = KeyAttributes()
  ) throws(RDBError) {
    guard type.data == .stream else { throw .notRepresentable("stream_listpacks, _2, _3, _4 or _5", type.name) }
    try beginKey(name, type, attributes)
    try begin(nodeCount == 0 ? .streamInfo : .streamNode, nodeCount)
  }

  /// Writes a node: the master ID, and the listpack of the entries (`StreamNodeWriter`). Master IDs must ascend.
  package mutating func streamNode(_ master: StreamID, _ listpack: RawSpan) throws(RDBError) {
    guard pending.part == .streamNode else { throw misplaced("a stream node") }
    try output.reserve(17)
    output.appendUnchecked(16)
    writeRaw(master)
    try writeString(listpack)
    pending.remaining &-= 1
    if pending.remaining == 0 { pending.part = .streamInfo }
  }

  /// Writes the stream's own numbers; ``StreamInfo/groupCount`` groups must follow.
  ///
  /// - Throws: ``RDBError`` (`notRepresentable`) if a number that the type has is missing.
  package mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {
    if pending.part == .streamNode, pending.isOpen {
      try endOpenCount()
      pending.part = .streamInfo
    }
    guard pending.part == .streamInfo else { throw misplaced("a stream's numbers") }
    try writeLength(info.length)
    try writeLengths(info.lastID)
    if pending.type != .streamListpacks {
      guard let first = info.firstID, let deleted = info.maxDeletedID, let added = info.entriesAdded
      else {
        throw .notRepresentable("first ID, largest deleted ID and entries added", "a stream without")
      }
      try writeLengths(first)
      try writeLengths(deleted)
      try writeLength(added)
    }
    try writeLength(info.groupCount)
    pending.groups = info.groupCount
    pending.part = .streamGroup
  }

  /// Begins a group; its pending entries and consumers must follow.
  package mutating func streamGroup(
    _ name: RawSpan, lastDelivered: StreamID, entriesRead: EntriesRead, pendingCount: UInt64,
    consumerCount: UInt64
  ) throws(RDBError) {
    guard pending.groups > 0, pending.isAfterGroup else { throw misplaced("a consumer group") }
    try writeString(name)
    try writeLengths(lastDelivered)
    if pending.type != .streamListpacks {
      if case .known(let count) = entriesRead {
        try writeLength(count)
      } else {
        try writeLength(.max)
      }
    }
    try writeLength(pendingCount)
    pending.groups &-= 1
    pending.consumers = consumerCount
    pending.remaining = pendingCount
    pending.part = .streamPending
    if pendingCount == 0 { try beginConsumers() }
  }

  /// Writes an entry of the group's pending entries list, in ID order.
  package mutating func streamPending(
    _ id: StreamID, delivered: UnixMilliseconds, deliveryCount: UInt64
  ) throws(RDBError) {
    guard pending.part == .streamPending, pending.remaining > 0 else {
      throw misplaced("a pending entry")
    }
    try output.reserve(24)
    writeRaw(id)
    output.appendUnchecked(littleEndian: delivered.value)
    try writeLength(deliveryCount)
    pending.remaining &-= 1
    if pending.remaining == 0 { try beginConsumers() }
  }

  private mutating func beginConsumers() throws(RDBError) {
    try writeLength(pending.consumers)
    pending.part = .streamConsumer
  }

  /// Begins a consumer; `pendingCount` IDs must follow, all of them among the group's pending entries.
  ///
  /// - Parameters:
  ///   - name: The consumer's name.
  ///   - seen: The time of the consumer's last command.
  ///   - active: The time at which the consumer last got an entry. −1: never. Only `stream_listpacks_3` keeps it.
  ///   - pendingCount: The number of entries that the consumer has pending.
  package mutating func streamConsumer(
    _ name: RawSpan, seen: UnixMilliseconds, active: UnixMilliseconds, pendingCount: UInt64
  ) throws(RDBError) {
    guard pending.consumers > 0,
      pending.part == .streamConsumer || pending.part == .consumerPending && pending.remaining == 0
    else { throw misplaced("a consumer") }
    try writeString(name)
    try output.reserve(16)
    output.appendUnchecked(littleEndian: seen.value)
    if pending.type != .streamListpacks, pending.type != .streamListpacks2 {
      output.appendUnchecked(littleEndian: active.value)
    }
    try writeLength(pendingCount)
    pending.consumers &-= 1
    pending.remaining = pendingCount
    pending.part = .consumerPending
  }

  /// Writes the ID of an entry that the consumer has pending.
  package mutating func streamConsumerPending(_ id: StreamID) throws(RDBError) {
    guard pending.part == .consumerPending, pending.remaining > 0 else {
      throw misplaced("a consumer's pending ID")
    }
    try output.reserve(16)
    writeRaw(id)
    pending.remaining &-= 1
  }

  /// Writes the IDs of the group's pending entries that no consumer owns (`stream_listpacks_5`).
  package mutating func streamReleased(_ ids: [StreamID]) throws(RDBError) {
    guard pending.type == .streamListpacks5, pending.isAfterConsumers else { throw misplaced("released entries") }
    try writeLength(UInt64(ids.count))
    for id in ids {
      try output.reserve(16)
      writeRaw(id)
    }
    pending.remaining = 0
    pending.part = .streamReleased
  }

  // MARK: Idempotent producers

  /// Writes how long the IDs of producers are remembered; the producers must follow.
  ///
  /// - Parameter count: The number of producers; `nil`: they wait for ``streamProducersEnd(idsAdded:idsDuplicate:)``.
  package mutating func streamProducers(durationSeconds: UInt64, maxEntries: UInt64, count: UInt64?) throws(RDBError) {
    guard pending.hasProducers, pending.groups == 0, pending.isAfterGroup else { throw misplaced("producers") }
    try writeLength(durationSeconds)
    try writeLength(maxEntries)
    try begin(.streamProducer, count)
  }

  /// Writes a producer with the IDs that it used, each with the entry that was added with it.
  package mutating func streamProducer(_ name: RawSpan, idCount: UInt64) throws(RDBError) {
    guard pending.part == .streamProducer, pending.remaining > 0 else { throw misplaced("a producer") }
    try writeString(name)
    try writeLength(idCount)
    pending.remaining &-= 1
    if idCount > 0 {
      (pending.groups, pending.remaining) = (pending.remaining, idCount)
      pending.part = .producerID
    }
  }

  /// Writes an ID of the producer.
  package mutating func streamProducerID(_ id: RawSpan, entry: StreamID) throws(RDBError) {
    guard pending.part == .producerID else { throw misplaced("an ID of a producer") }
    try writeString(id)
    try writeLengths(entry)
    pending.remaining &-= 1
    if pending.remaining == 0 {
      (pending.remaining, pending.groups) = (pending.groups, 0)
      pending.part = .streamProducer
    }
  }

  /// Writes the counters after the last producer.
  package mutating func streamProducersEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws(RDBError) {
    if pending.part == .streamProducer { try endOpenCount() }
    guard pending.part == .streamProducer, pending.remaining == 0 else { throw misplaced("the counters of producers") }
    try writeLength(idsAdded)
    try writeLength(idsDuplicate)
    pending.part = .streamDone
  }

  /// 16 bytes, big-endian. Room must have been reserved.
  private mutating func writeRaw(_ id: StreamID) {
    output.appendUnchecked(bigEndian: id.milliseconds)
    output.appendUnchecked(bigEndian: id.sequence)
  }

  private mutating func writeLengths(_ id: StreamID) throws(RDBError) {
    try writeLength(id.milliseconds)
    try writeLength(id.sequence)
  }
}

extension PendingValue {
  /// Whether the previous group, if any, is complete.
  var isAfterGroup: Bool {
    if part == .streamGroup || part == .streamReleased { return true }
    return type != .streamListpacks5 && isAfterConsumers
  }

  /// Whether the consumers of a group are complete.
  var isAfterConsumers: Bool {
    switch part {
    case .streamConsumer: consumers == 0
    case .consumerPending: consumers == 0 && remaining == 0
    default: false
    }
  }
}
