import RDB
import RDBFormat

/// XCLAIM and XAUTOCLAIM.
extension Execution {
  /// The options of XCLAIM.
  private struct ClaimOptions {
    var minimumIdle: Int64 = 0
    var ids: [StreamID] = []
    var delivered: UnixMilliseconds
    var deliveryCount: UInt64?
    var lastID = StreamID.zero
    var isForced = false
    var countsDelivery = true
  }

  func xclaim(_ command: ReplayCommand) throws {
    guard let stream = try stream(command[1]), let group = stream.groups[command[2]] else { throw CommandError.noGroup }
    let options = try claimOptions(command)
    group.lastDelivered = max(group.lastDelivered, options.lastID)
    stream.change(group) {
      if createsConsumerFirst { _ = group.consumer(command[3], at: now) }
      for id in options.ids { claim(id, of: stream, group, consumer: command[3], options) }
    }
  }

  /// Whether claiming creates the consumer even if it gets no entry: since Redis 7.2.
  private var createsConsumerFirst: Bool { limits.server.isAtLeast(7, 2) }

  private func claim(
    _ id: StreamID, of stream: ReplayedStream, _ group: ReplayedStreamGroup, consumer name: [UInt8],
    _ options: ClaimOptions
  ) {
    let former = group.pending(id)
    guard stream.contains(id) else {
      group.acknowledge(id)
      return
    }
    if former == nil, !options.isForced { return }
    if let former, options.minimumIdle > 0, now.value - former.delivered.value < options.minimumIdle { return }
    let consumer = group.consumer(name, at: now)
    group.setPending(
      id, consumer, delivered: options.delivered,
      deliveryCount: options.deliveryCount ?? ((former?.deliveryCount ?? 1) &+ (options.countsDelivery ? 1 : 0)))
    consumer.active = now
  }

  private func claimOptions(_ command: ReplayCommand) throws(CommandError) -> ClaimOptions {
    var options = ClaimOptions(delivered: now)
    options.minimumIdle = max(0, try command.integer(4))
    var index = 5
    while index < command.count, let id = try? command.streamID(index) {
      options.ids.append(id)
      index += 1
    }
    var delivered: Int64?
    while index < command.count {
      let hasNext = index + 1 < command.count
      switch command.lowercased(index) {
      case "force": options.isForced = true
      case "justid": options.countsDelivery = false
      case "idle" where hasNext:
        index += 1
        delivered = now.value.subtractingReportingOverflow(try command.integer(index)).partialValue
      case "time" where hasNext:
        index += 1
        delivered = try command.integer(index)
      case "retrycount" where hasNext:
        index += 1
        let count = try command.integer(index)
        options.deliveryCount = count < 0 ? nil : UInt64(count)
      case "lastid" where hasNext:
        index += 1
        options.lastID = try command.streamID(index)
      default: throw .syntax
      }
      index += 1
    }
    // A time in the future is replaced by the present.
    if let delivered, delivered >= 0, delivered <= now.value { options.delivered = UnixMilliseconds(delivered) }
    return options
  }

  /// `XAUTOCLAIM key group consumer min-idle-time start [COUNT n] [JUSTID]`.
  func xautoclaim(_ command: ReplayCommand) throws {
    let idle = max(0, try command.integer(4))
    let start = try rangeStart(command, 5)
    var (count, countsDelivery, index) = (100, true, 6)
    while index < command.count {
      if command.isWord(index, "justid") {
        countsDelivery = false
      } else if command.isWord(index, "count"), index + 1 < command.count {
        index += 1
        let number = try command.integer(index)
        guard number > 0, number <= .max / 128 else { throw CommandError.outOfRange }
        count = Int(number)
      } else {
        throw CommandError.syntax
      }
      index += 1
    }
    guard let stream = try stream(command[1]), let group = stream.groups[command[2]] else { throw CommandError.noGroup }
    var options = ClaimOptions(delivered: now)
    (options.minimumIdle, options.countsDelivery) = (idle, countsDelivery)
    stream.change(group) {
      if createsConsumerFirst { _ = group.consumer(command[3], at: now) }
      // Servers look at ten times as many entries as they claim.
      let candidates = Array(group.pending.entries(from: start).prefix(count * 10))
      for (id, pending) in candidates {
        if count == 0 { break }
        let isIdle = idle == 0 || now.value - pending.delivered.value >= idle
        if isIdle || !stream.contains(id) { count -= 1 }
        claim(id, of: stream, group, consumer: command[3], options)
      }
    }
  }

  /// The start of a range: an ID, `-`, `+`, or `(` and an ID that is not part of it.
  private func rangeStart(_ command: ReplayCommand, _ index: Int) throws(CommandError) -> StreamID {
    let text = command[index]
    guard text.first == 0x28 else { return try command.rangeID(index) }
    guard let next = try ReplayCommand.streamID(text.dropFirst()).next else { throw .badStreamID }
    return next
  }
}
