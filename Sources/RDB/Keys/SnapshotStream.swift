public import RDBFormat

/// A stream, owned.
public struct SnapshotStream: Hashable, Sendable {
  /// The live entries, in the order of their IDs.
  public var entries: [Entry] = []
  /// The stream's own numbers.
  public var info = StreamInfo(
    length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 0)
  /// The consumer groups, in file order.
  public var groups: [Group] = []
  /// The remembered IDs of idempotent producers (Redis 8.6 and later); `nil`: the stored type does not have them.
  public var idempotency: Idempotency?

  /// Creates a stream without entries.
  public init() {}

  /// An entry.
  public struct Entry: Hashable, Sendable {
    /// The entry's ID.
    public var id: StreamID
    /// The entry's fields, in file order.
    public var fields: [Field]

    /// Creates an entry.
    public init(id: StreamID, fields: [Field] = []) { (self.id, self.fields) = (id, fields) }
  }

  /// A field of an entry.
  public struct Field: Hashable, Sendable {
    /// The field's name.
    public var name: [UInt8]
    /// The field's value.
    public var value: [UInt8]

    /// Creates a field.
    public init(name: [UInt8], value: [UInt8]) { (self.name, self.value) = (name, value) }
  }

  /// A consumer group.
  public struct Group: Hashable, Sendable {
    /// The group's name.
    public var name: [UInt8]
    /// The ID of the entry that was delivered last.
    public var lastDelivered: StreamID
    /// The number of entries that the group has read.
    public var entriesRead: EntriesRead
    /// The group's consumers, in file order.
    public var consumers: [Consumer] = []
    /// The pending entries of all consumers, in the order of their IDs.
    public var pending: [Pending] = []

    /// Creates a group without consumers.
    public init(name: [UInt8], lastDelivered: StreamID, entriesRead: EntriesRead) {
      (self.name, self.lastDelivered, self.entriesRead) = (name, lastDelivered, entriesRead)
    }
  }

  /// A consumer of a group.
  public struct Consumer: Hashable, Sendable {
    /// The consumer's name.
    public var name: [UInt8]
    /// The time of the consumer's last attempt to read.
    public var seen: UnixMilliseconds
    /// The time at which the consumer last read an entry; −1: never; `nil`: the stored type does not have it.
    public var active: UnixMilliseconds?

    /// Creates a consumer.
    public init(name: [UInt8], seen: UnixMilliseconds, active: UnixMilliseconds? = nil) {
      (self.name, self.seen, self.active) = (name, seen, active)
    }
  }

  /// An entry that was delivered and not acknowledged.
  public struct Pending: Hashable, Sendable {
    /// The entry's ID.
    public var id: StreamID
    /// The name of the consumer that has it; `nil`: released.
    public var consumer: [UInt8]?
    /// The time of the last delivery.
    public var delivered: UnixMilliseconds
    /// The number of deliveries.
    public var deliveryCount: UInt64

    /// Creates a pending entry.
    public init(id: StreamID, consumer: [UInt8]?, delivered: UnixMilliseconds, deliveryCount: UInt64) {
      self.id = id
      self.consumer = consumer
      self.delivered = delivered
      self.deliveryCount = deliveryCount
    }
  }

  /// The IDs that a stream remembers of its idempotent producers.
  public struct Idempotency: Hashable, Sendable {
    /// The time for which an ID is remembered, in seconds.
    public var durationSeconds: UInt64
    /// The most IDs that are remembered per producer.
    public var maxEntries: UInt64
    /// The producers of which an ID is remembered, in file order.
    public var producers: [Producer] = []
    /// The number of IDs ever recorded.
    public var idsAdded: UInt64 = 0
    /// The number of IDs ever refused as duplicates.
    public var idsDuplicate: UInt64 = 0

    /// Creates a memory without producers.
    public init(durationSeconds: UInt64, maxEntries: UInt64) {
      (self.durationSeconds, self.maxEntries) = (durationSeconds, maxEntries)
    }

    /// A producer.
    public struct Producer: Hashable, Sendable {
      /// The producer's name.
      public var name: [UInt8]
      /// The remembered IDs, in file order.
      public var ids: [ID] = []

      /// Creates a producer without IDs.
      public init(name: [UInt8]) { self.name = name }
    }

    /// A remembered ID.
    public struct ID: Hashable, Sendable {
      /// The ID that the producer gave.
      public var id: [UInt8]
      /// The entry that was added with it.
      public var entry: StreamID

      /// Creates an ID.
      public init(id: [UInt8], entry: StreamID) { (self.id, self.entry) = (id, entry) }
    }

    /// Adds an ID. The IDs of one producer follow each other.
    mutating func append(_ id: ID, of name: [UInt8]) {
      if producers.last?.name != name { producers.append(Producer(name: name)) }
      producers[producers.count - 1].ids.append(id)
    }
  }
}
