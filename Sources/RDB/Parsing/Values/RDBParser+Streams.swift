public import RDBFormat

/// A pending entry of the group being read. Its consumer comes later in the file.
@usableFromInline
struct PendingEntry: BitwiseCopyable {
  @usableFromInline let id: StreamID
  @usableFromInline let delivered: Int64
  @usableFromInline let count: UInt64
  /// The consumer's number within the group; −1: none yet, −2: released.
  @usableFromInline var consumer: Int32

  @inlinable init(id: StreamID, delivered: Int64, count: UInt64) {
    self.id = id
    self.delivered = delivered
    self.count = count
    consumer = -1
  }
}

/// Streams: macro nodes of entries, then the stream's own numbers, groups, idempotent producers.
///
/// Source: `rdbLoadObject` in Redis `src/rdb.c`, `streamIteratorGetID` in `src/t_stream.c`.
extension RDBParser {
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func stream<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    if state.value.stage == .begin {
      state.value.remaining = try cursor.length()
      state.value.liveCount = 0
      state.value.hasLastID = false
      state.value.lastMaster = nil
      groups.removeAll()
      state.value.stage = .elements
      committed = cursor.position
    }
    if state.value.stage == .elements {
      while state.value.remaining > 0 {
        try streamNode(&cursor, &sink)
        elementDone(cursor)
      }
      state.value.stage = .tail
    }
    try streamTail(&cursor, &sink)
  }

  // MARK: The stream's own numbers

  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func streamInfo(_ cursor: inout ByteCursor) throws(RDBError) -> StreamInfo {
    let length = try cursor.length()
    let lastID = StreamID(try cursor.length(), try cursor.length())
    if state.value.type.layout.streamVersion == 1 {
      return StreamInfo(
        length: length, lastID: lastID, firstID: nil, maxDeletedID: nil, entriesAdded: nil,
        groupCount: try cursor.length())
    }
    let firstID = StreamID(try cursor.length(), try cursor.length())
    let maxDeletedID = StreamID(try cursor.length(), try cursor.length())
    let added = try cursor.length()
    return StreamInfo(
      length: length, lastID: lastID, firstID: firstID, maxDeletedID: maxDeletedID,
      entriesAdded: added, groupCount: try cursor.length())
  }

  /// Whether a stream's own numbers agree with its entries. No server loads a length above 0 without a node.
  @usableFromInline func agrees(_ info: StreamInfo) -> Bool {
    info.length == state.value.liveCount && !(state.value.hasLastID && info.lastID < state.value.lastID)
  }

  // MARK: Groups, consumers, pending entries, idempotent producers

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func streamTail<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    while state.value.stage != .done {
      let start = cursor.offset
      switch state.value.stage {
      case .tail:
        var info = try streamInfo(&cursor)
        if !agrees(info) { info = try corrected(info, at: start, cursor.bytes, &sink) }
        try sink.streamInfo(info)
        state.value.info = info
        state.value.outer = info.groupCount
        state.value.stage = .groups
      case .groups:
        state.value.stage = state.value.outer == 0 ? afterGroups : .group
        state.value.outer = state.value.outer == 0 ? 0 : state.value.outer - 1
      case .group:
        try streamGroup(&cursor, &sink)
      case .pending:
        try readPending(&cursor)
        if state.value.disorderOffset >= 0 {
          try report(
            .streamPendingOrder, at: state.value.disorderOffset, "pending IDs in ascending order", "another order",
            cursor.bytes, &sink)
        }
        state.value.stage = .consumers
      case .consumers:
        if state.value.inner > 0 {
          state.value.inner -= 1
          state.value.stage = .consumer
        } else if state.value.type.layout.streamVersion >= 5 {
          state.value.remaining = try cursor.length()
          state.value.stage = .released
        } else {
          try announcePending(&sink, at: start)
          state.value.stage = .groups
        }
      case .consumer:
        try streamConsumer(&cursor, &sink)
      case .consumerPending:
        try assignPending(&cursor, to: Int32(truncatingIfNeeded: consumers.count &- 1), &sink)
        state.value.stage = .consumers
      case .released:
        try assignPending(&cursor, to: -2, &sink)
        try announcePending(&sink, at: start)
        state.value.stage = .groups
      case .idempotency:
        let duration = try cursor.length()
        let limit = try cursor.length()
        let producers = try cursor.length()
        try sink.streamIdempotency(durationSeconds: duration, maxEntries: limit, producerCount: producers)
        state.value.outer = producers
        state.value.stage = .producers
      case .producers:
        try beginProducer(&cursor)
      case .producer:
        try producerIDs(&cursor, &sink)
      case .idempotencyEnd:
        let added = try cursor.length()
        try sink.streamIdempotencyEnd(idsAdded: added, idsDuplicate: try cursor.length())
        state.value.stage = .done
      case .begin, .elements, .done:
        state.value.stage = .done
      }
      committed = cursor.position
    }
  }

  /// Reads a group's name and numbers.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func streamGroup<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    let start = cursor.offset
    let name = try string(&cursor, slot: 1)
    let lastDelivered = StreamID(try cursor.length(), try cursor.length())
    var read = EntriesRead.absent
    if state.value.type.layout.streamVersion >= 2 {
      let count = try cursor.length()
      read = count == .max ? .unknown : .known(count)
    }
    let count = try cursor.length()
    guard groups.append(name) else {
      throw RDBError.value(.corruptStream, at: start, "a group's name only once", "it again")
    }
    try sink.streamGroup(
      StreamGroup(
        name: name, lastDelivered: lastDelivered, entriesRead: read, pendingCount: count))
    pending.removeAll()
    consumers.removeAll()
    state.value.assigned = 0
    state.value.disorderOffset = -1
    state.value.remaining = count
    state.value.stage = .pending
  }

  /// Reads the group's pending entries. Their consumers follow.
  ///
  /// Servers write them in ascending order, but load any order.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func readPending(_ cursor: inout ByteCursor) throws(RDBError) {
    while state.value.remaining > 0 {
      let start = cursor.offset
      let id = try cursor.streamID()
      let delivered = try cursor.littleEndian(Int64.self)
      let count = try cursor.length()
      if pending.count > 0, pending[pending.count - 1].id >= id {
        if state.value.disorderOffset < 0 { state.value.disorderOffset = start }
        if pending[pending.count - 1].id == id { throw RDBError.pendingTwice(at: start, id) }
      }
      pending.append(PendingEntry(id: id, delivered: delivered, count: count))
      state.value.remaining -= 1
      committed = cursor.position
    }
    if state.value.disorderOffset >= 0 { try sortPending(at: cursor.offset) }
    state.value.inner = try cursor.length()
  }

  /// - Parameter offset: The file offset after the last pending entry, for errors.
  private mutating func sortPending(at offset: Int) throws(RDBError) {
    var entries = UnsafeMutableBufferPointer(start: pending.base, count: pending.count)
    entries.sort { $0.id < $1.id }
    for index in 1..<pending.count where pending[index].id == pending[index - 1].id {
      throw RDBError.pendingTwice(at: offset, pending[index].id)
    }
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func streamConsumer<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    let start = cursor.offset
    let name = try string(&cursor, slot: 1)
    let seen = UnixMilliseconds(try cursor.littleEndian(Int64.self))
    var active: UnixMilliseconds?
    if state.value.type.layout.streamVersion >= 3 {
      active = UnixMilliseconds(try cursor.littleEndian(Int64.self))
    }
    let count = try cursor.length()
    guard consumers.count < Int(Int32.max), consumers.append(name) else {
      throw RDBError.value(
        .corruptStream, at: start, "a consumer's name only once", "it again (the pattern of CVE-2026-66373)")
    }
    try sink.streamConsumer(
      StreamConsumer(name: name, seen: seen, active: active, pendingCount: count))
    state.value.remaining = count
    state.value.stage = .consumerPending
  }

  /// Reads IDs of pending entries of the group and assigns the entries to a consumer.
  ///
  /// Of two consumers that claim an entry, the last one gets it, as in the servers that load such a file.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func assignPending<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, to consumer: Int32, _ sink: inout S
  ) throws {
    while state.value.remaining > 0 {
      let start = cursor.offset
      let id = try cursor.streamID()
      var low = 0
      var high = pending.count
      while low < high {
        let middle = (low + high) / 2
        if pending[middle].id < id { low = middle + 1 } else { high = middle }
      }
      guard low < pending.count, pending[low].id == id else {
        throw RDBError.value(
          .corruptStream, at: start, "an ID of the group's pending entries", "\(id)")
      }
      if pending[low].consumer == -1 {
        state.value.assigned += 1
      } else if pending[low].consumer == consumer {
        throw RDBError.pendingTwice(at: start, id)
      } else {
        try report(.pendingOwners, at: start, "a pending entry of one consumer", "\(id) of two", cursor.bytes, &sink)
      }
      pending[low].consumer = consumer
      state.value.remaining -= 1
      committed = cursor.position
    }
  }

  @inlinable
  mutating func announcePending<S: RDBSink & ~Copyable>(_ sink: inout S, at offset: Int)
    throws
  {
    guard state.value.assigned == UInt64(pending.count) else {
      throw RDBError.value(
        .corruptStream, at: offset, "a consumer for each of \(pending.count) pending entries",
        "\(state.value.assigned) with one")
    }
    let names = consumers.bytes
    for index in 0..<pending.count {
      let entry = pending[index]
      let number = entry.consumer >= 0 ? Int(entry.consumer) : nil
      let range = number == nil ? 0..<0 : consumers.range(Int(entry.consumer))
      try sink.streamPending(
        StreamPending(
          id: entry.id, delivered: UnixMilliseconds(entry.delivered), deliveryCount: entry.count,
          consumerIndex: number, consumer: names.span.bytes.extracting(range)))
    }
    pending.removeAll()
  }

  /// Reads a producer's name, which is kept, and its number of IDs.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func beginProducer(_ cursor: inout ByteCursor) throws(RDBError) {
    guard state.value.outer > 0 else {
      state.value.stage = .idempotencyEnd
      return
    }
    let name = try string(&cursor, slot: 1)
    state.value.remaining = try cursor.length()
    producer = [UInt8](name)
    state.value.outer -= 1
    state.value.stage = .producer
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func producerIDs<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    let producer = producer
    while state.value.remaining > 0 {
      let id = try string(&cursor, slot: 1)
      let entry = StreamID(try cursor.length(), try cursor.length())
      try sink.streamIdempotencyID(producer: producer.span.bytes, id: id, entry: entry)
      elementDone(cursor)
    }
    state.value.stage = .producers
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func pendingTwice(at offset: Int, _ id: StreamID) -> RDBError {
    RDBError(.corruptStream, at: offset, expected: "each pending ID once", found: "\(id) again")
  }
}
