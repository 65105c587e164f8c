import RDB
import RDBFormat

extension ReplayedStream {
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws {
    try writer.beginStream(name.span.bytes, writer.streamType(limits), nodeCount: UInt64(liveNodes.count), attributes)
    for node in liveNodes { try writer.streamNode(node.master, node.listpack.span.bytes) }
    try writer.streamInfo(
      StreamInfo(
        length: length, lastID: lastID, firstID: firstID, maxDeletedID: maxDeletedID, entriesAdded: entriesAdded,
        groupCount: UInt64(groups.count)))
    // Servers keep groups and consumers in the order of their names.
    for name in sorted(groups.keys) {
      if let group = groups[name] { try write(group, to: &writer) }
    }
    try writer.endKey()
  }

  private func write(_ group: ReplayedStreamGroup, to writer: inout RDBWriter) throws {
    let name = group.name
    try writer.streamGroup(
      name.span.bytes, lastDelivered: group.lastDelivered,
      entriesRead: group.entriesRead.map { .known($0) } ?? .unknown, pendingCount: UInt64(group.pending.count),
      consumerCount: UInt64(group.consumers.count))
    var ids: [ObjectIdentifier: [StreamID]] = [:]
    for (id, pending) in group.pending.entries() {
      try writer.streamPending(id, delivered: pending.delivered, deliveryCount: pending.deliveryCount)
      ids[ObjectIdentifier(pending.consumer), default: []].append(id)
    }
    for name in sorted(group.consumers.keys) {
      guard let consumer = group.consumers[name] else { continue }
      let pending = ids[ObjectIdentifier(consumer)] ?? []
      try writer.streamConsumer(
        name.span.bytes, seen: consumer.seen, active: consumer.active, pendingCount: UInt64(pending.count))
      for id in pending { try writer.streamConsumerPending(id) }
    }
  }

  private func sorted(_ names: [[UInt8]]) -> [[UInt8]] { names.sorted { $0.lexicographicallyPrecedes($1) } }
}
