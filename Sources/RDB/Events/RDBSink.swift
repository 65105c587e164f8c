public import RDBFormat

/// The receiver of a snapshot's events: an output, a report, a filter.
///
/// The reader calls the methods in the order below. A span is valid only during the call that receives it: copy what must
/// stay. A sink answers once per key how much of the value it wants (``Interest``).
///
/// Only `node`, `finding`, `damagedKey`, the text form of `zsetMember` and the events of packed pairs have defaults: when Redis gains a data type, the compiler lists each sink
/// that has to decide. ``SelectiveSink`` has defaults for all events, ``ForwardingSink`` forwards them.
///
/// A method may throw any error. Reading then ends with an ``RDBError`` of the code ``RDBError/Code/sink``, whose underlying
/// error is the sink's. Throw ``RDBError/stop`` to end the reading without an error.
///
/// Order of calls:
///
///     beginSnapshot
///       ( aux | functionLibrary | beginModuleAux stored* endStored | slots | databaseSize
///       | beginKey  value  endKey | finding )*
///     endSnapshot                       only if the snapshot is complete
///
/// `value`, if `beginKey` answered …; a `finding` may come anywhere in it, unless the answer was `.skip`:
///
///     .skip, .measure,   nothing
///     .validate
///     .stored            beginStored stored* endStored
///     .elements          one of
///       string           string
///       list             beginElements ( [node] listElement* )*
///       set              beginElements setMember*
///       zset             beginElements ( zsetMember* | zsetMembers )
///       hash             beginElements ( hashField* | hashFields )
///       array            beginElements arrayElement*
///       path hash        beginElements ( beginPath pathField* )*
///       module           moduleItem*
///       stream           [streamOutline] ( node (beginStreamEntry streamField* )* )* streamInfo
///                        ( streamGroup streamConsumer* streamPending* )*
///                        [ streamIdempotency streamIdempotencyID* streamIdempotencyEnd ]
public protocol RDBSink: ~Copyable {
  // MARK: The snapshot

  /// The snapshot's header was read. Called once, first.
  mutating func beginSnapshot(_ header: SnapshotHeader) throws
  /// An AUX field. Most come before the first key; some servers write fields between keys.
  mutating func aux(_ field: borrowing AuxField) throws
  /// A function library.
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws
  /// Module data that belongs to no key.
  ///
  /// - Returns: Whether the sink wants the bytes: `stored` chunks and `endStored` then follow.
  mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool
  /// A hint of a cluster node about hash slots.
  mutating func slots(_ slots: borrowing SlotHint) throws
  /// RESIZEDB: how many keys the database has, and how many of them expire. A hint, which may be wrong.
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws

  // MARK: Keys

  /// Announces a key.
  ///
  /// - Returns: How much of its value the sink wants.
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest
  /// The value's stored bytes begin: `byteCount` bytes, without the type byte. Of a module, without the ID before them:
  /// the ID is in the header (``KeyHeader/module``).
  mutating func beginStored(byteCount: UInt64) throws
  /// The next stored bytes.
  mutating func stored(_ chunk: RawSpan) throws
  /// The stored bytes are complete.
  mutating func endStored() throws

  // MARK: Elements

  /// The value of a string.
  mutating func string(_ value: RawSpan) throws
  /// A list, set, sorted set, hash, array or path hash begins.
  mutating func beginElements(_ header: ElementsHeader) throws
  /// A node of a quicklist or stream was read; its elements follow. How a value is divided into nodes says nothing of its
  /// data: the default ignores the event.
  mutating func node(_ node: ValueNode) throws
  /// An element of a list, from its head.
  mutating func listElement(_ element: RawSpan) throws
  /// A member of a set.
  mutating func setMember(_ member: RawSpan) throws
  /// A member of a sorted set. `score` is never NaN.
  mutating func zsetMember(_ member: RawSpan, score: Double) throws
  /// A member of a sorted set whose score has a text that need not be formatted.
  ///
  /// Called instead of the event above where the file has the score as its shortest text, or as an integer below 2⁵³. The
  /// text has at most 17 bytes and no exponent: `0.1`, `3`, never `1e5` or `inf`. The default calls the event above.
  mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws
  /// A field of a hash. `expiry` is the time at which the field expires; `nil`: never.
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws
  /// Whether the sink can take small hashes and sorted sets as a whole, with `hashFields` and `zsetMembers`. The default is
  /// `false`.
  static var takesPackedPairs: Bool { get }
  /// All fields of a hash, none of which expires.
  ///
  /// - Returns: Whether the sink took them. If not, `hashField` comes for each: the default.
  mutating func hashFields(_ fields: borrowing PackedPairs) throws -> Bool
  /// All members of a sorted set.
  ///
  /// - Returns: Whether the sink took them. If not, `zsetMember` comes for each: the default.
  mutating func zsetMembers(_ members: borrowing PackedPairs) throws -> Bool
  /// An element of an array.
  mutating func arrayElement(index: UInt64, value: RawSpan) throws
  /// A path of a path hash; `fieldCount` calls of `pathField` follow. It may be wrong: reserve no memory for it.
  mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws
  /// A field of the path.
  mutating func pathField(_ field: RawSpan, value: RawSpan) throws
  /// An item of a module's value.
  mutating func moduleItem(_ item: borrowing ModuleItem) throws

  // MARK: Streams

  /// The numbers of a stream, before its entries, if the answer was ``Interest/elementsAfterOutline``; with the IDs of the
  /// pending entries of all groups, ascending, each once.
  mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws
  /// A live entry; `fieldCount` calls of `streamField` follow.
  mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws
  /// A field of the entry.
  mutating func streamField(_ field: RawSpan, value: RawSpan) throws
  /// The stream's own numbers, after the last entry.
  mutating func streamInfo(_ info: StreamInfo) throws
  /// A consumer group; its consumers and pending entries follow.
  mutating func streamGroup(_ group: borrowing StreamGroup) throws
  /// A consumer of the group. Consumers are numbered from 0, in this order.
  mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws
  /// A pending entry of the group, after all its consumers, in the order of entry IDs.
  mutating func streamPending(_ pending: borrowing StreamPending) throws
  /// How long the stream remembers the IDs of idempotent producers, and how many IDs at most per producer (Redis 8.6 and
  /// later). The IDs of `producerCount` producers follow.
  mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws
  /// A remembered idempotency ID, and the entry that was added with it.
  mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws
  /// After the last ID: how many IDs were ever recorded, and how many refused as duplicates.
  mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws

  // MARK: Findings

  /// An oddity that does not end the reading: of the current key if it comes between `beginKey` and `endKey`, else of
  /// the file.
  ///
  /// A key whose value is only stepped over or passed on as stored has no findings about its value. The default ignores
  /// the event: the value that is announced is exact.
  mutating func finding(_ finding: borrowing Finding) throws

  // MARK: Ends

  /// A key with a damaged value, in place of `beginKey`, its value and `endKey`: only if the reader leaves out such keys,
  /// with `skipsDamagedKeys`. The default throws the error.
  mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws
  /// The key is complete.
  mutating func endKey(_ end: KeyEnd) throws
  /// The snapshot is complete, and its checksum, if it has one, is right.
  mutating func endSnapshot(_ end: SnapshotEnd) throws
}

extension RDBSink where Self: ~Copyable {
  /// Throws the error.
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws { throw error }
  /// `false`.
  @inlinable public static var takesPackedPairs: Bool { false }
  /// Returns `false`.
  @inlinable public mutating func hashFields(_ fields: borrowing PackedPairs) throws -> Bool { false }
  /// Returns `false`.
  @inlinable public mutating func zsetMembers(_ members: borrowing PackedPairs) throws -> Bool { false }
  /// Does nothing.
  @inlinable public mutating func node(_ node: ValueNode) throws {}
  /// Does nothing.
  @inlinable public mutating func finding(_ finding: borrowing Finding) throws {}
  /// Drops the text, and announces the member with its score.
  @inlinable @inline(__always)
  public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws {
    try zsetMember(member, score: score)
  }
}
