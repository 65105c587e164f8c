public import RDBFormat

/// The state of the walk over a stream's node.
@usableFromInline
struct StreamNodeWalk: BitwiseCopyable {
  /// The file offset of the node's listpack, for errors.
  @usableFromInline let offset: Int
  /// The ID that the entries' IDs are stored as differences from.
  @usableFromInline let master: StreamID
  /// The numbers of live and of deleted entries that the node claims.
  @usableFromInline var live: Int64 = 0
  @usableFromInline var deleted: Int64 = 0
  /// The number of fields of the master entry.
  @usableFromInline var fieldCount: Int64 = 0
  /// The number of listpack entries read so far.
  @usableFromInline var elements = 0
  /// The numbers of live and of deleted entries read so far.
  @usableFromInline var seenLive: Int64 = 0
  @usableFromInline var seenDeleted: Int64 = 0

  @inlinable init(offset: Int, master: StreamID) {
    self.offset = offset
    self.master = master
  }

  /// Reads an integer.
  ///
  /// - Parameter what: The integer's meaning, for errors.
  @inlinable @inline(__always) @_lifetime(listpack: copy listpack)
  mutating func integer(_ listpack: inout Listpack, _ what: StaticString) throws(RDBError) -> Int64 {
    let position = listpack.position
    let entry = try listpack.next()
    elements &+= 1
    guard entry.isInteger else { throw .value(.corruptStream, at: offset, inner: position, "\(what)", "text") }
    return entry.integer
  }

  /// Reads the counts with which a node begins.
  @inlinable @inline(__always) @_lifetime(listpack: copy listpack)
  mutating func counts(_ listpack: inout Listpack) throws(RDBError) {
    live = try integer(&listpack, "a count of entries")
    deleted = try integer(&listpack, "a count of deleted entries")
    fieldCount = try integer(&listpack, "a count of fields")
    guard fieldCount >= 0, fieldCount < 1 << 32 else {
      throw .value(.corruptStream, at: offset, inner: 6, "a count of fields", "\(fieldCount)")
    }
  }

  /// Steps over the field names of the master entry, and its end.
  @inlinable @inline(__always) @_lifetime(listpack: copy listpack)
  mutating func masterFields(_ listpack: inout Listpack) throws(RDBError) {
    for _ in 0..<fieldCount {
      _ = try listpack.next()
      elements &+= 1
    }
    let end = try integer(&listpack, "the master entry's end")
    guard end == 0 else {
      throw .value(
        .corruptStream, at: offset, inner: listpack.position, "the master entry's end, 0", "\(end)")
    }
  }

  /// Whether the counts of the node and of its listpack are those of the entries. Servers use none of them.
  @inlinable @inline(__always) func agrees(_ listpack: borrowing Listpack) -> Bool {
    seenLive == live && seenDeleted == deleted && listpack.claimedCount ?? elements == elements
  }
}

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
    let master = try masterID(&cursor)
    let offset = cursor.offset
    let blob = try string(&cursor, slot: 3)
    state.value.lastMaster = master
    var listpack = try Listpack(blob, at: offset)
    var node = StreamNodeWalk(offset: offset, master: master)
    try node.counts(&listpack)
    try sink.node(ValueNode(byteCount: blob.byteCount, masterID: master))
    let fields = listpack
    try node.masterFields(&listpack)
    while !listpack.isAtEnd { try streamEntry(&listpack, &node, fields, cursor.bytes, &sink) }
    if !node.agrees(listpack) { try reportCounts(node, listpack.claimedCount, cursor.bytes, &sink) }
    state.value.liveCount &+= UInt64(node.seenLive)
  }

  /// Reads the master ID of a node: the entries of the node store their IDs as differences from it.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func masterID(_ cursor: inout ByteCursor) throws(RDBError) -> StreamID {
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
    return master
  }

  /// Reads an entry.
  ///
  /// - Parameters:
  ///   - masterFields: A walk that begins with the field names of the master entry.
  ///   - input: The parser's input, for findings.
  @inlinable @inline(__always) @_lifetime(listpack: copy listpack)
  mutating func streamEntry<S: RDBSink & ~Copyable>(
    _ listpack: inout Listpack, _ node: inout StreamNodeWalk, _ masterFields: Listpack, _ input: RawSpan,
    _ sink: inout S
  ) throws {
    let before = node.elements
    let position = listpack.position
    let flags = try node.integer(&listpack, "an entry's flags")
    if flags & ~3 != 0 {
      try report(.streamFlags, at: node.offset, inner: position, "an entry's flags, 0–3", "\(flags)", input, &sink)
    }
    let milliseconds = try node.integer(&listpack, "a time difference")
    let sequence = try node.integer(&listpack, "a sequence difference")
    let id = StreamID(
      node.master.milliseconds &+ UInt64(bitPattern: milliseconds),
      node.master.sequence &+ UInt64(bitPattern: sequence))
    let isLive = flags & 1 == 0
    if isLive {
      node.seenLive &+= 1
      if state.value.hasLastID, id <= state.value.lastID {
        try report(
          .streamEntryOrder, at: node.offset, inner: position, "an ID above \(state.value.lastID)", "\(id)", input,
          &sink)
      } else {
        state.value.lastID = id
        state.value.hasLastID = true
      }
    } else {
      node.seenDeleted &+= 1
    }
    if flags & 2 != 0 {
      var fields = masterFields
      if isLive { try sink.beginStreamEntry(id, fieldCount: Int(node.fieldCount)) }
      for _ in 0..<node.fieldCount {
        let field = try fields.next().text(scratch: scratch.number(1))
        let value = try listpack.next().text(scratch: scratch.number(2))
        if isLive { try sink.streamField(field, value: value) }
        node.elements &+= 1
      }
    } else {
      try ownFields(&listpack, &node, isLive ? id : nil, &sink)
    }
    let size = node.elements &- before
    let claimed = try node.integer(&listpack, "an entry's size")
    guard claimed == Int64(size) else {
      throw RDBError.value(
        .corruptStream, at: node.offset, inner: listpack.position, "an entry of \(size) elements",
        "\(claimed)")
    }
  }

  /// Reads an entry's fields that are not those of the master entry.
  ///
  /// - Parameter id: The ID of a live entry; `nil`: the entry is deleted.
  @inlinable @inline(__always) @_lifetime(listpack: copy listpack)
  mutating func ownFields<S: RDBSink & ~Copyable>(
    _ listpack: inout Listpack, _ node: inout StreamNodeWalk, _ id: StreamID?, _ sink: inout S
  ) throws {
    let count = try node.integer(&listpack, "a count of fields")
    guard count >= 0, count < 1 << 32 else {
      throw RDBError.value(
        .corruptStream, at: node.offset, inner: listpack.position, "a count of fields", "\(count)")
    }
    if let id { try sink.beginStreamEntry(id, fieldCount: Int(count)) }
    for _ in 0..<count {
      let field = try listpack.next().text(scratch: scratch.number(1))
      let value = try listpack.next().text(scratch: scratch.number(2))
      if id != nil { try sink.streamField(field, value: value) }
      node.elements &+= 2
    }
  }
}
