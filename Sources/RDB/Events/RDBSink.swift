public import RDBFormat

/// Where keys go: a file, a server, a report.
///
/// The reader pushes; a sink answers once per key how much it wants. A span is valid only during the
/// call that receives it: copy what must stay. Only `node` has a default: when Redis gains a data type,
/// the compiler lists every sink that has to decide. Throw ``RDBError/stop`` to end the reading
/// without an error; any other error ends it with that error.
///
/// Order of calls:
///
///     beginSnapshot
///       ( aux | functionLibrary | beginModuleAux stored* endStored | slots | databaseSize
///       | beginKey  value  endKey )*
///     endSnapshot                       only when the file was whole
///
/// `value`, after `beginKey` answered …
///
///     .skip, .measure,   nothing
///     .validate
///     .stored            beginStored stored* endStored
///     .elements          one of
///       string           string
///       list             beginElements ( [node] listElement* )*
///       set              beginElements setMember*
///       zset             beginElements zsetMember*
///       hash             beginElements hashField*
///       array            beginElements arrayElement*
///       module           moduleItem*
///       stream           [streamOutline] ( node (beginStreamEntry streamField* )* )* streamInfo
///                        ( streamGroup streamConsumer* streamPending* )*
///                        [ streamIdempotency streamIdempotencyID* streamIdempotencyEnd ]
public protocol RDBSink: ~Copyable {
  /// The header was read. Called once, first.
  mutating func beginSnapshot(_ header: SnapshotHeader) throws
  /// An AUX field; may stand between keys.
  mutating func aux(name: RawSpan, value: RawSpan) throws
  /// A function library.
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws
  /// Module data that belongs to no key; its bytes follow as `stored` chunks if this answers `true`.
  mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool
  /// Which hash slots follow, or are being imported: hints of cluster nodes.
  mutating func slots(_ slots: borrowing SlotHint) throws
  /// RESIZEDB: hints that may be wrong.
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws

  /// Announces a key, and asks how much of its value this sink wants.
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest
  /// The value exactly as stored, `byteCount` bytes without type byte, is about to come in chunks. Of a
  /// module, without the ID in front of it either: that is in the header (``ModuleID/stored``).
  mutating func beginStored(byteCount: UInt64) throws
  mutating func stored(_ chunk: RawSpan) throws
  mutating func endStored() throws

  mutating func string(_ value: RawSpan) throws
  /// A list, set, sorted set, hash or array begins.
  mutating func beginElements(_ header: ElementsHeader) throws
  /// A node of a quicklist or stream was read; its elements follow. The one event that most sinks have
  /// no use for: what a node is says nothing of the data.
  mutating func node(_ node: ValueNode) throws
  mutating func listElement(_ element: RawSpan) throws
  mutating func setMember(_ member: RawSpan) throws
  /// `score` is never NaN.
  mutating func zsetMember(_ member: RawSpan, score: Double) throws
  /// The same, where the file has the score as text that is its shortest, or as an integer below 2⁵³ whose
  /// text this is: `0.1`, `3`, never `1e5` or `inf`; at most 17 bytes. Unless a sink takes it, it is the event above.
  mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws
  /// `expiry`: absolute; `nil`: the field has none.
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws
  mutating func arrayElement(index: UInt64, value: RawSpan) throws
  mutating func moduleItem(_ item: borrowing ModuleItem) throws

  /// Before the entries, if `beginKey` answered ``Interest/elementsAfterOutline``.
  mutating func streamOutline(_ outline: StreamOutline) throws
  /// A live entry; `fieldCount` calls of `streamField` follow.
  mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws
  mutating func streamField(_ field: RawSpan, value: RawSpan) throws
  /// After the last entry.
  mutating func streamInfo(_ info: StreamInfo) throws
  mutating func streamGroup(_ group: borrowing StreamGroup) throws
  /// A consumer of the group before; consumers are numbered from 0 in this order.
  mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws
  /// An entry of the group's pending entries list, in ID order, after all its consumers.
  mutating func streamPending(_ pending: borrowing StreamPending) throws
  /// Redis ≥ 8.6: how long idempotency IDs are remembered. Its producers and IDs follow.
  mutating func streamIdempotency(_ settings: StreamIdempotency) throws
  /// One remembered idempotency ID of a producer.
  mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws
  /// After the last of them: how many IDs were ever recorded, and refused as duplicates.
  mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws

  /// The key is complete.
  mutating func endKey(_ end: KeyEnd) throws
  /// The file is complete and, where it has a checksum, it matched.
  mutating func endSnapshot(_ end: SnapshotEnd) throws
}

extension RDBSink where Self: ~Copyable {
  @inlinable public mutating func node(_ node: ValueNode) throws(RDBError) {}
  @inlinable @inline(__always)
  public mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws {
    try zsetMember(member, score: score)
  }
}

/// How much of one key's value to read.
public enum Interest: Hashable, Sendable {
  /// Step over the value without decoding it.
  case skip
  /// Like `skip`; ``KeyEnd/measure`` says what the lengths alone tell.
  case measure
  /// Check every nested structure, announce nothing; ``KeyEnd/measure`` says how many elements there are.
  case validate
  /// The value as it stands in the file, ready for RESTORE, if it has at most this many bytes
  /// (without type byte and footer); else its elements.
  case stored(atMost: UInt64)
  /// Element by element.
  case elements
  /// Like `elements`; of a stream, ``RDBSink/streamOutline(_:)`` before its entries.
  case elementsAfterOutline
  /// Like `stored(atMost:)`, with `elementsAfterOutline` in the other case.
  case storedOrOutlined(atMost: UInt64)
}

extension Interest {
  /// The value as it stands in the file, whatever its size.
  public static var stored: Interest { .stored(atMost: .max) }
}

/// The first nine bytes.
public struct SnapshotHeader: Hashable, Sendable {
  public var vendor: Vendor
  public var version: Int
  public init(vendor: Vendor, version: Int) { (self.vendor, self.version) = (vendor, version) }
}

/// The end of a snapshot, and what the reader found out on the way.
public struct SnapshotEnd: Hashable, Sendable {
  public enum Checksum: Hashable, Sendable {
    /// It was compared and is right.
    case verified(UInt64)
    /// The file stores zero: its writer had switched it off.
    case disabled
    /// Versions before 5 have none.
    case absent
    /// The caller asked not to look.
    case ignored
  }
  /// What follows the snapshot in the same input.
  public enum Tail: Hashable, Sendable {
    case nothing
    /// RESP commands: the snapshot is an AOF's preamble; this many bytes.
    case appendOnlyCommands(byteCount: UInt64)
    /// The 40-byte mark of a diskless replication transfer.
    case replicationMark
  }
  public var checksum: Checksum
  /// Bytes of the snapshot itself, trailer included.
  public var byteCount: UInt64
  public var tail: Tail
  public init(checksum: Checksum, byteCount: UInt64, tail: Tail) {
    (self.checksum, self.byteCount, self.tail) = (checksum, byteCount, tail)
  }
}

/// The end of a key.
public struct KeyEnd: Hashable, Sendable {
  /// Bytes of the value as stored, without type byte and key.
  public var storedByteCount: UInt64
  /// What the value's lengths tell, if the answer was ``Interest/measure`` or ``Interest/validate``.
  public var measure: ValueMeasure?
  @inlinable public init(storedByteCount: UInt64, measure: ValueMeasure? = nil) {
    (self.storedByteCount, self.measure) = (storedByteCount, measure)
  }
}

/// What is known of a collection before its first element.
public struct ElementsHeader: Hashable, Sendable {
  /// The number of elements, where the stored form says it before them; a packed value says it from
  /// 65 535 on only by being walked, a quicklist never. A claim, not to be reserved for.
  public var count: UInt64?
  /// A quicklist's number of nodes, else 1.
  public var nodeCount: UInt64
  /// A list whose first node is plain (one large element, not packed).
  public var firstNodeIsPlain: Bool
  /// Bytes of the (first) packed blob, decompressed; 0 where there is none.
  public var firstBlobByteCount: Int
  /// An array's insertion cursor, where it has one.
  public var insertIndex: UInt64?
  /// The stored form can carry field expiries.
  public var canCarryFieldExpiries: Bool

  @inlinable public init(
    count: UInt64?, nodeCount: UInt64 = 1, firstNodeIsPlain: Bool = false,
    firstBlobByteCount: Int = 0, insertIndex: UInt64? = nil, canCarryFieldExpiries: Bool = false
  ) {
    self.count = count
    self.nodeCount = nodeCount
    self.firstNodeIsPlain = firstNodeIsPlain
    self.firstBlobByteCount = firstBlobByteCount
    self.insertIndex = insertIndex
    self.canCarryFieldExpiries = canCarryFieldExpiries
  }
}

/// A library of functions (Redis ≥ 7.0).
public struct FunctionLibrary: ~Escapable, BitwiseCopyable {
  /// The source; of a GA library its first line is `#!lua name=<name>`.
  public let code: RawSpan
  /// 7.0-rc1 and rc2 wrote name, engine and description beside the source; else empty.
  public let isPreGA: Bool
  public let name: RawSpan
  public let engine: RawSpan
  public let description: RawSpan

  @inlinable @_lifetime(copy code, copy name, copy engine, copy description)
  public init(code: RawSpan, isPreGA: Bool, name: RawSpan, engine: RawSpan, description: RawSpan) {
    self.code = code
    self.isPreGA = isPreGA
    self.name = name
    self.engine = engine
    self.description = description
  }
}

/// Module data that belongs to no key.
public struct ModuleAux: Hashable, Sendable {
  public var module: ModuleID
  /// 1: before the keys; 2: after them.
  public var when: UInt64
  public var offset: Int
  public init(module: ModuleID, when: UInt64, offset: Int) {
    (self.module, self.when, self.offset) = (module, when, offset)
  }
}

/// Hash slots of a cluster node.
public struct SlotHint: ~Escapable {
  public enum Kind: Hashable, Sendable {
    /// Redis ≥ 7.4 (opcode 244): the next keys are in this slot.
    case info(slot: UInt64, keys: UInt64, expiring: UInt64)
    /// Valkey ≥ 9 (opcode 243): slots being imported; one call a range.
    case importing(first: UInt64, last: UInt64)
  }
  public let kind: Kind
  /// The import's job name; else empty.
  public let job: RawSpan
  @inlinable @_lifetime(copy job)
  public init(_ kind: Kind, job: RawSpan) { (self.kind, self.job) = (kind, job) }
}

/// One item of a module's value. Source: `RDB_MODULE_OPCODE_*` in Redis `src/rdb.h`.
public struct ModuleItem: ~Escapable {
  public enum Kind: Hashable, Sendable {
    case signed(Int64), unsigned(UInt64), float(Float), double(Double), string
  }
  public let kind: Kind
  /// The bytes of a `string`; else empty.
  public let bytes: RawSpan
  @inlinable @_lifetime(copy bytes)
  public init(_ kind: Kind, bytes: RawSpan) { (self.kind, self.bytes) = (kind, bytes) }
}

/// What stands behind a stream's entries in the file, looked up before them.
public struct StreamOutline: Hashable, Sendable {
  /// The IDs of all pending entries of all groups, ascending, each once: 16 bytes each.
  public var pendingIDs: [StreamID]
  public var info: StreamInfo
  public init(pendingIDs: [StreamID], info: StreamInfo) {
    (self.pendingIDs, self.info) = (pendingIDs, info)
  }
}

/// A stream's own numbers. `nil`: the stored version has no such notion.
public struct StreamInfo: Hashable, Sendable {
  /// Live entries.
  public var length: UInt64
  public var lastID: StreamID
  public var firstID: StreamID?
  public var maxDeletedID: StreamID?
  public var entriesAdded: UInt64?
  public var groupCount: UInt64
  public init(
    length: UInt64, lastID: StreamID, firstID: StreamID?, maxDeletedID: StreamID?,
    entriesAdded: UInt64?, groupCount: UInt64
  ) {
    self.length = length
    self.lastID = lastID
    self.firstID = firstID
    self.maxDeletedID = maxDeletedID
    self.entriesAdded = entriesAdded
    self.groupCount = groupCount
  }
}

/// How many entries a group has read, as XINFO's `entries-read`.
public enum EntriesRead: Hashable, Sendable, BitwiseCopyable {
  case known(UInt64)
  /// The server does not know (−1).
  case unknown
  /// The stored version has no such notion.
  case absent
}

/// How a node of a quicklist or stream is stored.
public struct ValueNode: Hashable, Sendable {
  /// Bytes of its listpack or ziplist, or of its only element, decompressed.
  public var byteCount: Int
  /// It is one large element, not packed.
  public var isPlain: Bool
  /// Of a stream: the ID that its entries count from.
  public var masterID: StreamID
  @inlinable public init(byteCount: Int, isPlain: Bool = false, masterID: StreamID = .zero) {
    (self.byteCount, self.isPlain, self.masterID) = (byteCount, isPlain, masterID)
  }
}

/// A consumer group.
public struct StreamGroup: ~Escapable, BitwiseCopyable {
  public let name: RawSpan
  public let lastDelivered: StreamID
  public let entriesRead: EntriesRead
  public let pendingCount: UInt64
  @inlinable @_lifetime(copy name)
  public init(
    name: RawSpan, lastDelivered: StreamID, entriesRead: EntriesRead, pendingCount: UInt64
  ) {
    self.name = name
    self.lastDelivered = lastDelivered
    self.entriesRead = entriesRead
    self.pendingCount = pendingCount
  }
}

/// A consumer of a group.
public struct StreamConsumer: ~Escapable, BitwiseCopyable {
  public let name: RawSpan
  public let seen: UnixMilliseconds
  /// −1: never; `nil`: the stored version has no such notion.
  public let active: UnixMilliseconds?
  public let pendingCount: UInt64
  @inlinable @_lifetime(copy name)
  public init(
    name: RawSpan, seen: UnixMilliseconds, active: UnixMilliseconds?, pendingCount: UInt64
  ) {
    self.name = name
    self.seen = seen
    self.active = active
    self.pendingCount = pendingCount
  }
}

/// An entry of a group's pending entries list.
public struct StreamPending: ~Escapable, BitwiseCopyable {
  public let id: StreamID
  public let delivered: UnixMilliseconds
  public let deliveryCount: UInt64
  /// The number of its consumer within the group; `nil`: released (NACK zone, Redis ≥ 8.8).
  public let consumerIndex: Int?
  /// That consumer's name; empty where there is none.
  public let consumer: RawSpan
  @inlinable @_lifetime(copy consumer)
  public init(
    id: StreamID, delivered: UnixMilliseconds, deliveryCount: UInt64, consumerIndex: Int?,
    consumer: RawSpan
  ) {
    self.id = id
    self.delivered = delivered
    self.deliveryCount = deliveryCount
    self.consumerIndex = consumerIndex
    self.consumer = consumer
  }
}

/// Redis ≥ 8.6: idempotent producers of a stream.
public struct StreamIdempotency: Hashable, Sendable {
  public var durationSeconds: UInt64
  public var maxEntries: UInt64
  public var producerCount: UInt64
  public init(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) {
    self.durationSeconds = durationSeconds
    self.maxEntries = maxEntries
    self.producerCount = producerCount
  }
}
