public import RDBFormat

/// The entries of a stream.
///
/// Source: `streamIteratorGetID` in Redis `src/t_stream.c`.
extension RDBParser {
  /// Reads a node: its master ID, then a listpack of entries whose IDs are stored as differences from it.
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
        .corruptStream, at: start, "master IDs in ascending order", "\(master) after \(last)")
    }
    let offset = cursor.offset
    let blob = try string(&cursor, slot: 3)
    state.value.lastMaster = master
    var listpack = try Listpack(blob, at: offset)
    var elements = 0
    let live = try integer(&listpack, offset, "a count of entries", &elements)
    let deleted = try integer(&listpack, offset, "a count of deleted entries", &elements)
    let fieldCount = try integer(&listpack, offset, "a count of fields", &elements)
    guard live >= 0, deleted >= 0, fieldCount >= 0, live < 1 << 32, deleted < 1 << 32,
      fieldCount < 1 << 32
    else {
      throw RDBError.value(
        .corruptStream, at: offset, inner: 6, "counts of entries and fields",
        "\(live), \(deleted) and \(fieldCount)")
    }
    try sink.node(ValueNode(byteCount: blob.byteCount, masterID: master))
    let masterFields = listpack
    for _ in 0..<fieldCount {
      _ = try listpack.next()
      elements &+= 1
    }
    let end = try integer(&listpack, offset, "the master entry's end", &elements)
    guard end == 0 else {
      throw RDBError.value(
        .corruptStream, at: offset, inner: listpack.position, "the master entry's end, 0", "\(end)")
    }
    var seenLive: Int64 = 0
    var seenDeleted: Int64 = 0
    while !listpack.isAtEnd {
      let before = elements
      let entryPosition = listpack.position
      let flags = try integer(&listpack, offset, "an entry's flags", &elements)
      guard flags & ~3 == 0 else {
        throw RDBError.value(
          .corruptStream, at: offset, inner: entryPosition, "an entry's flags, 0–3", "\(flags)")
      }
      let milliseconds = try integer(&listpack, offset, "a time difference", &elements)
      let sequence = try integer(&listpack, offset, "a sequence difference", &elements)
      let id = StreamID(
        master.milliseconds &+ UInt64(bitPattern: milliseconds),
        master.sequence &+ UInt64(bitPattern: sequence))
      let isLive = flags & 1 == 0
      if isLive {
        seenLive &+= 1
        if state.value.hasLastID, id <= state.value.lastID {
          throw RDBError.value(
            .corruptStream, at: offset, inner: entryPosition, "IDs in ascending order",
            "\(id) after \(state.value.lastID)")
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
        let count = try integer(&listpack, offset, "a count of fields", &elements)
        guard count >= 0, count < 1 << 32 else {
          throw RDBError.value(
            .corruptStream, at: offset, inner: listpack.position, "a count of fields", "\(count)")
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
      let claimed = try integer(&listpack, offset, "an entry's size", &elements)
      guard claimed == Int64(size) else {
        throw RDBError.value(
          .corruptStream, at: offset, inner: listpack.position, "an entry of \(size) elements",
          "\(claimed)")
      }
    }
    try listpack.finish(count: elements)
    guard seenLive == live, seenDeleted == deleted else {
      throw RDBError.value(
        .corruptStream, at: offset, "\(live) live and \(deleted) deleted entries",
        "\(seenLive) and \(seenDeleted)")
    }
    state.value.liveCount &+= UInt64(live)
  }

  @inlinable @_lifetime(listpack: copy listpack)
  func integer(
    _ listpack: inout Listpack, _ offset: Int, _ what: StaticString, _ elements: inout Int
  ) throws(RDBError) -> Int64 {
    let position = listpack.position
    let entry = try listpack.next()
    elements &+= 1
    guard entry.isInteger else {
      throw RDBError.value(.corruptStream, at: offset, inner: position, "\(what)", "text")
    }
    return entry.integer
  }
}
