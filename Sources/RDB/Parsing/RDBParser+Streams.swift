public import RDBFormat

/// A pending entry of the group being read, until its consumer is known.
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

  // MARK: Entries

  /// Reads a node: its master ID, and a listpack of entries that count from it.
  ///
  ///     count deleted fields field… 0                          the master entry
  ///     flags ms-diff seq-diff [fields] (field value)… size    each entry; flag 1: deleted,
  ///     flags ms-diff seq-diff value… size                     flag 2: the master's fields
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func streamNode<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    let start = cursor.offset
    let key = try string(&cursor, slot: 1)
    guard key.byteCount == 16 else {
      throw RDBError.value(.corruptStream, at: start, "a master ID of 16 bytes", "\(key.byteCount)")
    }
    var keyCursor = ByteCursor(key, base: start)
    let master = try keyCursor.streamID()
    if let last = state.value.lastMaster, master <= last {
      throw RDBError.value(
        .corruptStream, at: start, "master IDs in ascending order", "\(master) behind \(last)")
    }
    let place = cursor.offset
    let blob = try string(&cursor, slot: 3)
    state.value.lastMaster = master
    var listpack = try Listpack(blob, at: place)
    var elements = 0
    let live = try integer(&listpack, place, "a count of entries", &elements)
    let deleted = try integer(&listpack, place, "a count of deleted entries", &elements)
    let fieldCount = try integer(&listpack, place, "a count of fields", &elements)
    guard live >= 0, deleted >= 0, fieldCount >= 0, live < 1 << 32, deleted < 1 << 32,
      fieldCount < 1 << 32
    else {
      throw RDBError.value(
        .corruptStream, at: place, inner: 6, "counts of entries and fields",
        "\(live), \(deleted) and \(fieldCount)")
    }
    try sink.node(ValueNode(byteCount: blob.byteCount, masterID: master))
    let masterFields = listpack
    for _ in 0..<fieldCount {
      _ = try listpack.next()
      elements &+= 1
    }
    let end = try integer(&listpack, place, "the master entry's end", &elements)
    guard end == 0 else {
      throw RDBError.value(
        .corruptStream, at: place, inner: listpack.position, "the master entry's end, 0", "\(end)")
    }
    var seenLive: Int64 = 0
    var seenDeleted: Int64 = 0
    while !listpack.isAtEnd {
      let before = elements
      let entryPosition = listpack.position
      let flags = try integer(&listpack, place, "an entry's flags", &elements)
      guard flags & ~3 == 0 else {
        throw RDBError.value(
          .corruptStream, at: place, inner: entryPosition, "an entry's flags, 0–3", "\(flags)")
      }
      let milliseconds = try integer(&listpack, place, "a time difference", &elements)
      let sequence = try integer(&listpack, place, "a sequence difference", &elements)
      let id = StreamID(
        master.milliseconds &+ UInt64(bitPattern: milliseconds),
        master.sequence &+ UInt64(bitPattern: sequence))
      let isLive = flags & 1 == 0
      if isLive {
        seenLive &+= 1
        if state.value.hasLastID, id <= state.value.lastID {
          throw RDBError.value(
            .corruptStream, at: place, inner: entryPosition, "IDs in ascending order",
            "\(id) behind \(state.value.lastID)")
        }
        state.value.lastID = id
        state.value.hasLastID = true
      } else {
        seenDeleted &+= 1
      }
      if flags & 2 != 0 {
        var fields = masterFields
        if isLive { try sink.beginStreamEntry(id, fieldCount: Int(fieldCount)) }
        for _ in 0..<fieldCount {
          let field = try fields.next().text(scratch: scratch.number(1))
          let value = try listpack.next().text(scratch: scratch.number(2))
          if isLive { try sink.streamField(field, value: value) }
          elements &+= 1
        }
      } else {
        let count = try integer(&listpack, place, "a count of fields", &elements)
        guard count >= 0, count < 1 << 32 else {
          throw RDBError.value(
            .corruptStream, at: place, inner: listpack.position, "a count of fields", "\(count)")
        }
        if isLive { try sink.beginStreamEntry(id, fieldCount: Int(count)) }
        for _ in 0..<count {
          let field = try listpack.next().text(scratch: scratch.number(1))
          let value = try listpack.next().text(scratch: scratch.number(2))
          if isLive { try sink.streamField(field, value: value) }
          elements &+= 2
        }
      }
      let size = elements &- before
      let claimed = try integer(&listpack, place, "an entry's size", &elements)
      guard claimed == Int64(size) else {
        throw RDBError.value(
          .corruptStream, at: place, inner: listpack.position, "an entry of \(size) elements",
          "\(claimed)")
      }
    }
    try listpack.finish(count: elements)
    guard seenLive == live, seenDeleted == deleted else {
      throw RDBError.value(
        .corruptStream, at: place, "\(live) live and \(deleted) deleted entries",
        "\(seenLive) and \(seenDeleted)")
    }
    if live == 0, state.value.mode == .validate {
      throw RDBError.value(.corruptStream, at: place, "a node with a live entry", "none")
    }
    state.value.liveCount &+= UInt64(live)
  }

  @inlinable @_lifetime(listpack: copy listpack)
  func integer(
    _ listpack: inout Listpack, _ place: Int, _ what: StaticString, _ elements: inout Int
  ) throws(RDBError) -> Int64 {
    let position = listpack.position
    let entry = try listpack.next()
    elements &+= 1
    guard entry.isInteger else {
      throw RDBError.value(.corruptStream, at: place, inner: position, "\(what)", "text")
    }
    return entry.integer
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

  @usableFromInline func check(_ info: StreamInfo, at offset: Int) throws(RDBError) {
    guard info.length == state.value.liveCount else {
      throw RDBError.value(
        .corruptStream, at: offset, "a length of \(state.value.liveCount), as there are entries",
        "\(info.length)")
    }
    if state.value.hasLastID, info.lastID < state.value.lastID {
      throw RDBError.value(
        .corruptStream, at: offset, "a last ID from \(state.value.lastID) on", "\(info.lastID)")
    }
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
        let info = try streamInfo(&cursor)
        try check(info, at: start)
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
        try assignPending(&cursor, to: Int32(truncatingIfNeeded: consumers.count &- 1))
        state.value.stage = .consumers
      case .released:
        try assignPending(&cursor, to: -2)
        try announcePending(&sink, at: start)
        state.value.stage = .groups
      case .idempotency:
        let duration = try cursor.length()
        let limit = try cursor.length()
        let producers = try cursor.length()
        try sink.streamIdempotency(
          StreamIdempotency(
            durationSeconds: duration, maxEntries: limit, producerCount: producers))
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

  /// Reads a group's name and numbers; its entry counts are announced when its consumers' count is known.
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
    state.value.remaining = count
    state.value.stage = .pending
  }

  /// Reads the group's pending entries, which ascend; whose they are comes with the consumers.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func readPending(_ cursor: inout ByteCursor) throws(RDBError) {
    while state.value.remaining > 0 {
      let start = cursor.offset
      let id = try cursor.streamID()
      let delivered = try cursor.littleEndian(Int64.self)
      let count = try cursor.length()
      if pending.count > 0, pending[pending.count - 1].id >= id {
        throw RDBError.value(
          .corruptStream, at: start, "pending IDs in ascending order",
          "\(id) behind \(pending[pending.count - 1].id)")
      }
      pending.append(PendingEntry(id: id, delivered: delivered, count: count))
      state.value.remaining -= 1
      committed = cursor.position
    }
    state.value.inner = try cursor.length()
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
      throw RDBError.value(.corruptStream, at: start, "a consumer's name only once", "it again")
    }
    try sink.streamConsumer(
      StreamConsumer(name: name, seen: seen, active: active, pendingCount: count))
    state.value.remaining = count
    state.value.stage = .consumerPending
  }

  /// Reads IDs, each of which must be a pending entry of the group that nobody has yet.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func assignPending(_ cursor: inout ByteCursor, to consumer: Int32) throws(RDBError) {
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
      guard pending[low].consumer == -1 else {
        throw RDBError.value(
          .corruptStream, at: start, "a pending entry of one consumer", "\(id) of two")
      }
      pending[low].consumer = consumer
      state.value.assigned += 1
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

  /// Reads a producer's name and how many IDs it has; the name is kept beside them.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func beginProducer(_ cursor: inout ByteCursor) throws(RDBError) {
    guard state.value.outer > 0 else {
      state.value.stage = .idempotencyEnd
      return
    }
    let name = try string(&cursor, slot: 1)
    state.value.remaining = try cursor.length()
    producer = name.withUnsafeBytes { Array($0) }
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
