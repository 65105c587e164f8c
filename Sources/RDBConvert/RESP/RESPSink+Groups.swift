public import RDB
public import RDBFormat
import RDBSupport
import RESP

/// Groups, consumers and pending entries of streams.
extension RESPSink {
  public mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    guard key.plan == .commands else { return }
    try endClaim()
    stream.claim.group = RESPText.bulk([UInt8](group.name))
    let read = entriesRead(group)
    let saysRead = can.streamCounters && read != nil
    try out.begin(saysRead ? 7 : 5)
    try out.text("$6\r\nXGROUP\r\n$6\r\nCREATE\r\n")
    try keyName()
    try groupName()
    try out.bulk(group.lastDelivered)
    if saysRead, let read {
      try out.text("$11\r\nENTRIESREAD\r\n")
      try out.bulk(read)
    }
  }

  private mutating func groupName() throws(RDBError) {
    let name = stream.claim.group
    try out.output.append(name.span.bytes)
  }

  /// Returns the number of entries that the group has read: the stored number, or the number that a server derives when
  /// it loads the file; `nil` if it is unknown.
  private func entriesRead(_ group: borrowing StreamGroup) -> Int64? {
    switch group.entriesRead {
    case .known(let count): return Int64(exactly: count)
    case .unknown: return nil
    case .absent: break
    }
    let info = stream.info?.completed(firstLive: stream.firstLive)
    return info?.entriesRead(upTo: group.lastDelivered).flatMap { Int64(exactly: $0) }
  }

  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    guard key.plan == .commands else { return }
    notes.consumers += 1
    if can.createConsumer {
      try out.begin(5)
      try out.text("$6\r\nXGROUP\r\n$14\r\nCREATECONSUMER\r\n")
      try keyName()
      try groupName()
      try out.bulk(consumer.name)
    } else if consumer.pendingCount == 0 {
      // Reading the empty history of a consumer creates the consumer.
      try out.begin(7)
      try out.text("$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n")
      try groupName()
      try out.bulk(consumer.name)
      try out.text("$7\r\nSTREAMS\r\n")
      try keyName()
      try out.text("$1\r\n0\r\n")
    }
  }

  public mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    guard key.plan == .commands else { return }
    guard isClaimable(pending.id) else {
      lose(.pendingEntry, "its ID is 0-0 or above the stream's last")
      return
    }
    if pending.consumerIndex == nil {
      // On an older target a pending entry must have a consumer. The entry keeps its delivery time and count, and is
      // assigned to an additional consumer.
      if can.releasedEntries { return try release(pending.id, pending.deliveryCount) }
      lose(
        .pendingEntry,
        "released, without a consumer, needs \(RESPFeature.releasedEntries.neededServer): pending for swift-rdb:released"
      )
    }
    let consumer = pending.consumerIndex ?? -2
    let delivered = max(pending.delivered.value, 0)
    let count = min(pending.deliveryCount, UInt64(Int64.max))
    let claim = stream.claim
    if claim.isOpen,
      claim.consumer != consumer || claim.delivered != delivered || claim.count != count
        || claim.entries >= commandElementCount || out.output.byteCountAfterGap + 64 > commandByteCount
    {
      try endClaim()
    }
    if !stream.claim.isOpen { try beginClaim(pending, consumer, delivered, count) }
    try out.bulk(pending.id)
    stream.claim.entries += 1
    if !out.output.hasOpenGap { try endClaim() }
  }

  private mutating func beginClaim(
    _ pending: borrowing StreamPending, _ consumer: Int, _ delivered: Int64, _ count: UInt64
  ) throws(RDBError) {
    let names = name.count + stream.claim.group.count + pending.consumer.byteCount
    // These names are too long to be copied: write one entry per command.
    if names > 64 << 10 {
      try out.begin(12)
    } else {
      // The gap has room for the most frequent header, that of one entry.
      try out.output.openGap(byteCount: RESPText.headerByteCount(12))
    }
    try out.text("$6\r\nXCLAIM\r\n")
    if out.output.hasOpenGap {
      if key.usesTemporary { try out.copied(temporary) } else { try out.copied(name) }
      try out.copied(stream.claim.group)
    } else {
      try keyName()
      try groupName()
    }
    if consumer < 0 {
      try out.text(Self.releasedConsumer)
    } else if out.output.hasOpenGap {
      try out.bulkHeader(UInt64(pending.consumer.byteCount))
      try out.output.appendCopied(pending.consumer)
      try out.text("\r\n")
    } else {
      try out.bulk(pending.consumer)
    }
    try out.text("$1\r\n0\r\n")
    stream.claim.isOpen = true
    stream.claim.consumer = consumer
    stream.claim.delivered = delivered
    stream.claim.count = count
    stream.claim.entries = 0
  }

  mutating func endClaim() throws(RDBError) {
    guard stream.claim.isOpen else { return }
    stream.claim.isOpen = false
    try out.text("$4\r\nTIME\r\n")
    try out.bulk(stream.claim.delivered)
    try out.text("$10\r\nRETRYCOUNT\r\n")
    try out.bulk(stream.claim.count)
    try out.text("$5\r\nFORCE\r\n$6\r\nJUSTID\r\n")
    if out.output.hasOpenGap { try writeHeader(11 + stream.claim.entries) }
  }

  private mutating func release(_ id: StreamID, _ count: UInt64) throws(RDBError) {
    try endClaim()
    try command(10, "$5\r\nXNACK\r\n")
    try groupName()
    try out.text("$4\r\nFAIL\r\n$3\r\nIDS\r\n$1\r\n1\r\n")
    try out.bulk(id)
    try out.text("$10\r\nRETRYCOUNT\r\n")
    try out.bulk(min(count, UInt64(Int64.max)))
    try out.text("$5\r\nFORCE\r\n")
  }
}
