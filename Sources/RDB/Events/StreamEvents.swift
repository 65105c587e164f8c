public import RDBFormat

/// The numbers and pending IDs of a stream. The file has them after the entries; the reader reads them ahead.
@usableFromInline package struct StreamOutline: Hashable, Sendable {
  /// The IDs of the pending entries of all groups, ascending, each once; 16 bytes each.
  @usableFromInline package var pendingIDs: [StreamID]
  /// The stream's own numbers.
  @usableFromInline package var info: StreamInfo

  /// Creates an outline.
  @inlinable package init(pendingIDs: [StreamID], info: StreamInfo) {
    (self.pendingIDs, self.info) = (pendingIDs, info)
  }
}

/// A stream's own numbers; `nil` for a number that the stored type does not have.
public struct StreamInfo: Hashable, Sendable {
  /// The number of live entries.
  public var length: UInt64
  /// The ID of the entry that was added last.
  public var lastID: StreamID
  /// The ID of the first live entry.
  public var firstID: StreamID?
  /// The largest ID of a deleted entry.
  public var maxDeletedID: StreamID?
  /// The number of entries ever added.
  public var entriesAdded: UInt64?
  /// The number of consumer groups.
  public var groupCount: UInt64

  /// Creates a stream's numbers.
  package init(
    length: UInt64, lastID: StreamID, firstID: StreamID?, maxDeletedID: StreamID?, entriesAdded: UInt64?,
    groupCount: UInt64
  ) {
    self.length = length
    self.lastID = lastID
    self.firstID = firstID
    self.maxDeletedID = maxDeletedID
    self.entriesAdded = entriesAdded
    self.groupCount = groupCount
  }
}

extension StreamInfo {
  /// The numbers with those that the stored type does not have, as servers derive them when they load it.
  ///
  /// - Parameter firstLive: The ID of the first live entry; `nil`: there is none.
  package func completed(firstLive: StreamID?) -> StreamInfo {
    var info = self
    info.firstID = firstID ?? firstLive ?? .zero
    info.maxDeletedID = maxDeletedID ?? .zero
    info.entriesAdded = entriesAdded ?? length
    return info
  }

  /// The number of entries that a group has read up to an ID, as servers derive it; `nil` if it is unknown. The numbers
  /// must be complete.
  ///
  /// Source: `streamEstimateDistanceFromFirstEverEntry` in Redis `src/t_stream.c`.
  package func entriesRead(upTo id: StreamID) -> UInt64? {
    guard let added = entriesAdded, let deleted = maxDeletedID, let first = firstID else { return nil }
    if added == 0 { return 0 }
    if length == 0, id <= lastID { return added }
    if id > .zero, id < deleted { return nil }
    if id == lastID { return added }
    if id > lastID { return nil }
    guard deleted == .zero || deleted < first else { return nil }
    let before = added >= length ? added - length : 0
    return id < first ? before : id == first ? before + 1 : nil
  }
}

/// How many entries a group has read: XINFO's `entries-read`.
public enum EntriesRead: Hashable, Sendable, BitwiseCopyable {
  /// The number of entries.
  case known(UInt64)
  /// The server does not know (stored as −1).
  case unknown
  /// The stored type does not have the number.
  case absent
}

/// A consumer group.
public struct StreamGroup: ~Escapable, BitwiseCopyable {
  /// The group's name.
  public let name: RawSpan
  /// The ID of the entry that was delivered last.
  public let lastDelivered: StreamID
  /// The number of entries that the group has read.
  public let entriesRead: EntriesRead
  /// The number of pending entries of all its consumers.
  public let pendingCount: UInt64

  /// Creates a group that borrows its name.
  @inlinable @_lifetime(copy name)
  package init(name: RawSpan, lastDelivered: StreamID, entriesRead: EntriesRead, pendingCount: UInt64) {
    self.name = name
    self.lastDelivered = lastDelivered
    self.entriesRead = entriesRead
    self.pendingCount = pendingCount
  }
}

/// A consumer of a group.
public struct StreamConsumer: ~Escapable, BitwiseCopyable {
  /// The consumer's name.
  public let name: RawSpan
  /// The time of the consumer's last attempt to read.
  public let seen: UnixMilliseconds
  /// The time at which the consumer last read an entry; −1: never; `nil`: the stored type does not have it.
  public let active: UnixMilliseconds?
  /// The number of entries that the consumer has pending.
  public let pendingCount: UInt64

  /// Creates a consumer that borrows its name.
  @inlinable @_lifetime(copy name)
  package init(name: RawSpan, seen: UnixMilliseconds, active: UnixMilliseconds?, pendingCount: UInt64) {
    self.name = name
    self.seen = seen
    self.active = active
    self.pendingCount = pendingCount
  }
}

/// An entry that was delivered to a consumer of the group and not acknowledged.
public struct StreamPending: ~Escapable, BitwiseCopyable {
  /// The entry's ID.
  public let id: StreamID
  /// The time of the last delivery.
  public let delivered: UnixMilliseconds
  /// The number of deliveries.
  public let deliveryCount: UInt64
  /// The number of the consumer within the group; `nil`: the entry was released (NACK zone, Redis 8.8 and later).
  @usableFromInline package let consumerIndex: Int?
  /// The consumer's name; empty: none.
  public let consumer: RawSpan

  /// Creates a pending entry that borrows the consumer's name.
  @inlinable @_lifetime(copy consumer)
  package init(
    id: StreamID, delivered: UnixMilliseconds, deliveryCount: UInt64, consumerIndex: Int?, consumer: RawSpan
  ) {
    self.id = id
    self.delivered = delivered
    self.deliveryCount = deliveryCount
    self.consumerIndex = consumerIndex
    self.consumer = consumer
  }
}
