import RDB
import RDBFormat

/// The options of XREADGROUP.
struct ReadGroupOptions {
  var group: [UInt8]
  var consumer: [UInt8]
  /// The most entries to deliver per stream.
  var count = Int.max
  var acknowledges = false
  /// The indexes of the keys; as many IDs follow.
  var keys = 0..<0

  init(_ command: ReplayCommand) throws {
    var names: (group: [UInt8], consumer: [UInt8])?
    var index = 1
    while index < command.count {
      let left = command.count - index - 1
      switch command.lowercased(index) {
      case "group" where left >= 2:
        names = (command[index + 1], command[index + 2])
        index += 3
      case "count" where left >= 1:
        let number = try command.integer(index + 1)
        count = number > 0 ? Int(number) : .max
        index += 2
      case "block" where left >= 1:
        guard try command.integer(index + 1) >= 0 else { throw CommandError.outOfRange }
        index += 2
      case "noack":
        acknowledges = true
        index += 1
      case "claim" where left >= 1: throw NotReplayed("XREADGROUP with CLAIM is not replayed")
      case "streams" where left >= 2:
        guard left % 2 == 0 else { throw CommandError.wrongArgumentCount }
        keys = index + 1..<index + 1 + left / 2
        index = command.count
      default: throw CommandError.syntax
      }
    }
    guard let names, !keys.isEmpty else { throw CommandError.syntax }
    (group, consumer) = names
  }
}

/// XREADGROUP, which servers write as XCLAIM, but which a file can have.
extension Execution {
  func xreadgroup(_ command: ReplayCommand) throws {
    let options = try ReadGroupOptions(command)
    var reads: [(stream: ReplayedStream, group: ReplayedStreamGroup, start: StreamID?)] = []
    for index in options.keys {
      guard let stream = try stream(command[index]), let group = stream.groups[options.group] else {
        throw CommandError.noGroup
      }
      let argument = index + options.keys.count
      reads.append((stream, group, command[argument] == [0x3E] ? nil : try command.streamID(argument)))
    }
    for (stream, group, start) in reads {
      // Before Redis 7.2, a consumer that gets nothing is not created.
      if start == nil, stream.lastEntryID <= group.lastDelivered, !limits.server.isAtLeast(7, 2) { continue }
      stream.change(group) {
        let consumer = group.consumer(options.consumer, at: now)
        if let start {
          repeatDelivery(stream, group, consumer, after: start, options)
        } else {
          deliver(stream, group, consumer, options)
        }
      }
    }
  }

  /// Delivers new entries.
  private func deliver(
    _ stream: ReplayedStream, _ group: ReplayedStreamGroup, _ consumer: ReplayedConsumer, _ options: ReadGroupOptions
  ) {
    for id in stream.ids(after: group.lastDelivered, limit: options.count) {
      if let count = group.entriesRead, isCountable(stream, group, id) {
        group.entriesRead = count &+ 1
      } else if stream.entriesAdded > 0 {
        group.entriesRead = stream.distance(from: id)
      }
      group.lastDelivered = id
      if options.acknowledges { continue }
      group.setPending(id, consumer, delivered: now, deliveryCount: 1)
      consumer.active = now
    }
  }

  /// Whether the number of entries read grows by one with the entry.
  private func isCountable(_ stream: ReplayedStream, _ group: ReplayedStreamGroup, _ id: StreamID) -> Bool {
    guard limits.server.isAtLeast(7, 2) else { return !stream.canHaveGaps(from: id) }
    return group.lastDelivered >= stream.firstID && !stream.canHaveGaps(from: group.lastDelivered)
  }

  /// Delivers pending entries again.
  private func repeatDelivery(
    _ stream: ReplayedStream, _ group: ReplayedStreamGroup, _ consumer: ReplayedConsumer, after start: StreamID,
    _ options: ReadGroupOptions
  ) {
    guard consumer.pendingCount > 0, let first = start.next else { return }
    let own = group.pending.entries(from: first).filter { $0.value.consumer === consumer }.prefix(options.count)
    for (id, pending) in Array(own) where stream.contains(id) {
      group.setPending(id, consumer, delivered: now, deliveryCount: pending.deliveryCount &+ 1)
    }
  }
}
