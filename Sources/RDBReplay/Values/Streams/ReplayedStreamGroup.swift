import RDB
import RDBFormat

/// A consumer of a group.
final class ReplayedConsumer {
  let name: [UInt8]
  /// The time of its last attempt to read.
  var seen: UnixMilliseconds
  /// The time at which it last got an entry; −1: never.
  var active: UnixMilliseconds
  /// The number of its pending entries.
  fileprivate(set) var pendingCount = 0

  init(_ name: [UInt8], seen: UnixMilliseconds, active: UnixMilliseconds = UnixMilliseconds(-1)) {
    (self.name, self.seen, self.active) = (name, seen, active)
  }
}

/// A consumer group of a replayed stream.
final class ReplayedStreamGroup {
  /// An entry that was delivered and not acknowledged.
  struct Pending {
    fileprivate(set) var consumer: ReplayedConsumer
    var delivered: UnixMilliseconds
    var deliveryCount: UInt64
  }

  let name: [UInt8]
  /// The ID of the entry that was delivered last.
  var lastDelivered: StreamID
  /// The number of entries that the group has read; `nil`: not known.
  var entriesRead: UInt64?
  private(set) var consumers = ByteTable<ReplayedConsumer>()
  /// The pending entries of all consumers.
  private(set) var pending = StreamIDTable<Pending>()

  init(_ name: [UInt8], lastDelivered: StreamID, entriesRead: UInt64?) {
    (self.name, self.lastDelivered, self.entriesRead) = (name, lastDelivered, entriesRead)
  }

  /// Memory in use, in bytes, roughly.
  var byteCount: Int { 200 + name.count + consumers.byteCount + consumers.count * 96 + pending.count * 48 }

  /// The consumer with a name, which is created if there is none.
  func consumer(_ name: [UInt8], at time: UnixMilliseconds) -> ReplayedConsumer {
    if let consumer = consumers[name] {
      consumer.seen = time
      return consumer
    }
    let consumer = ReplayedConsumer(name, seen: time)
    consumers.set(name, consumer)
    return consumer
  }

  func addConsumer(_ consumer: ReplayedConsumer) { consumers.set(consumer.name, consumer) }

  /// Removes a consumer and its pending entries.
  func removeConsumer(_ name: [UInt8]) {
    guard let consumer = consumers.remove(name), consumer.pendingCount > 0 else { return }
    pending.keep { $0.value.consumer !== consumer }
  }

  /// The entry's index in the pending entries.
  func pending(_ id: StreamID) -> Pending? { pending.index(of: id).map { pending[$0] } }

  /// Makes an entry a consumer's pending entry.
  func setPending(_ id: StreamID, _ consumer: ReplayedConsumer, delivered: UnixMilliseconds, deliveryCount: UInt64) {
    let value = Pending(consumer: consumer, delivered: delivered, deliveryCount: deliveryCount)
    if let index = pending.index(of: id) {
      pending[index].consumer.pendingCount -= 1
      pending[index] = value
    } else {
      pending.set(id, value)
    }
    consumer.pendingCount += 1
  }

  /// Removes an entry from the pending ones.
  ///
  /// - Returns: Whether it was one.
  @discardableResult
  func acknowledge(_ id: StreamID) -> Bool {
    guard let value = pending.remove(id) else { return false }
    value.consumer.pendingCount -= 1
    return true
  }

  func copied() -> ReplayedStreamGroup {
    let copy = ReplayedStreamGroup(name, lastDelivered: lastDelivered, entriesRead: entriesRead)
    consumers.forEach { name, consumer in
      let other = ReplayedConsumer(name, seen: consumer.seen, active: consumer.active)
      other.pendingCount = consumer.pendingCount
      copy.consumers.set(name, other)
    }
    copy.pending = pending.mapValues { value in
      var other = value
      if let consumer = copy.consumers[value.consumer.name] { other.consumer = consumer }
      return other
    }
    return copy
  }
}
