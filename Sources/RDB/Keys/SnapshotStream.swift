public import RDBFormat

/// A stream, owned.
public struct SnapshotStream: Sendable {
  /// The live entries, in the order of their IDs. The fields of an entry are in file order.
  public var entries: [(id: StreamID, fields: [(name: [UInt8], value: [UInt8])])] = []
  /// The stream's own numbers.
  public var info = StreamInfo(
    length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 0)
  /// The consumer groups, in file order.
  public var groups: [Group] = []
  /// The remembered IDs of idempotent producers (Redis 8.6 and later); `nil`: the stored type does not have them.
  ///
  /// An ID is remembered for `durationSeconds`, and at most `maxEntries` are remembered per producer. `idsAdded` is the
  /// number of IDs ever recorded, and `idsDuplicate` the number of IDs ever refused as duplicates. `producers` has the
  /// producers of which an ID is remembered, in file order; each ID comes with the ID of the entry that was added with it.
  public var idempotency:
    (
      durationSeconds: UInt64, maxEntries: UInt64, idsAdded: UInt64, idsDuplicate: UInt64,
      producers: [(name: [UInt8], ids: [(id: [UInt8], entry: StreamID)])]
    )?

  /// Creates a stream without entries.
  public init() {}

  /// A consumer group.
  public struct Group: Sendable {
    /// The group's name.
    public var name: [UInt8]
    /// The ID of the entry that was delivered last.
    public var lastDelivered: StreamID
    /// The number of entries that the group has read.
    public var entriesRead: EntriesRead
    /// The group's consumers, in file order.
    ///
    /// `seen` is the time of the consumer's last attempt to read. `active` is the time at which it last read an entry; −1:
    /// never; `nil`: the stored type does not have it.
    public var consumers: [(name: [UInt8], seen: UnixMilliseconds, active: UnixMilliseconds?)] = []
    /// The entries that were delivered and not acknowledged, of all consumers, in the order of their IDs.
    ///
    /// `consumer` is the name of the consumer that has the entry; `nil`: released. `delivered` is the time of the last
    /// delivery.
    public var pending: [(id: StreamID, consumer: [UInt8]?, delivered: UnixMilliseconds, deliveryCount: UInt64)] = []

    /// Creates a group without consumers.
    public init(name: [UInt8], lastDelivered: StreamID, entriesRead: EntriesRead) {
      (self.name, self.lastDelivered, self.entriesRead) = (name, lastDelivered, entriesRead)
    }
  }
}

extension SnapshotStream {
  /// Remembers an ID. The IDs of one producer follow each other.
  mutating func remember(_ id: [UInt8], entry: StreamID, of producer: [UInt8]) {
    guard let last = idempotency?.producers.indices.last, idempotency?.producers[last].name == producer else {
      idempotency?.producers.append((producer, [(id, entry)]))
      return
    }
    idempotency?.producers[last].ids.append((id, entry))
  }
}

// Arrays of tuples have no `==`.

extension SnapshotStream: Equatable {
  /// Whether both streams have the same entries, numbers, groups and remembered IDs, in the same order.
  public static func == (a: Self, b: Self) -> Bool {
    a.info == b.info && a.groups == b.groups && hasSameIdempotency(a, b)
      && a.entries.elementsEqual(b.entries) { a, b in
        a.id == b.id && a.fields.elementsEqual(b.fields) { $0 == $1 }
      }
  }

  private static func hasSameIdempotency(_ a: Self, _ b: Self) -> Bool {
    guard let a = a.idempotency, let b = b.idempotency else { return a.idempotency == nil && b.idempotency == nil }
    return (a.durationSeconds, a.maxEntries, a.idsAdded, a.idsDuplicate)
      == (b.durationSeconds, b.maxEntries, b.idsAdded, b.idsDuplicate)
      && a.producers.elementsEqual(b.producers) { a, b in
        a.name == b.name && a.ids.elementsEqual(b.ids) { $0 == $1 }
      }
  }
}

extension SnapshotStream.Group: Equatable {
  /// Whether both groups have the same name, numbers, consumers and pending entries.
  public static func == (a: Self, b: Self) -> Bool {
    a.name == b.name && a.lastDelivered == b.lastDelivered && a.entriesRead == b.entriesRead
      && a.consumers.elementsEqual(b.consumers) { $0 == $1 }
      && a.pending.elementsEqual(b.pending) { a, b in
        a.id == b.id && a.consumer == b.consumer && a.delivered == b.delivered && a.deliveryCount == b.deliveryCount
      }
  }
}
