import RDB
import RDBFormat

/// A stream of the replayed keyspace.
package final class ReplayedStream: ReplayedCollection {
  /// The nodes, by the IDs of their first entries; those before ``firstNode`` were removed.
  var nodes: [StreamNode] = []
  private(set) var firstNode = 0
  /// The number of live entries.
  var length: UInt64 = 0
  /// The ID of the entry that was added last.
  var lastID = StreamID.zero
  /// The largest ID of an entry that XDEL deleted.
  var maxDeletedID = StreamID.zero
  /// The number of entries ever added.
  var entriesAdded: UInt64 = 0
  private(set) var groups = ByteTable<ReplayedStreamGroup>()
  private var nodesByteCount = 0
  /// The number of released entries of groups (Redis 8.8) that the stream was loaded with: they are not kept.
  private(set) var releasedCount: UInt64 = 0
  /// The number of remembered IDs of idempotent producers (Redis 8.6) that it was loaded with: they are not kept.
  private(set) var idempotencyCount: UInt64 = 0

  package init() {}

  /// Creates a stream from its decoded parts, packed as a server packs a stream that is built by XADD.
  package convenience init(loading stream: SnapshotStream, _ limits: EncodingLimits) {
    self.init()
    for entry in stream.entries {
      let fields = entry.fields.flatMap { [$0.name, $0.value] }
      append(entry.id, fields[...], limits)
    }
    let info = stream.info
    lastID = max(lastID, info.lastID)
    maxDeletedID = info.maxDeletedID ?? .zero
    entriesAdded = info.entriesAdded ?? length
    for group in stream.groups { load(group) }
    idempotencyCount = stream.idempotency?.producers.reduce(0) { $0 + UInt64($1.ids.count) } ?? 0
  }

  private func load(_ stored: SnapshotStream.Group) {
    let entriesRead: UInt64? =
      switch stored.entriesRead {
      case .known(let count): count
      case .unknown: nil
      case .absent: distance(from: stored.lastDelivered)
      }
    let group = ReplayedStreamGroup(stored.name, lastDelivered: stored.lastDelivered, entriesRead: entriesRead)
    for consumer in stored.consumers {
      group.addConsumer(
        ReplayedConsumer(consumer.name, seen: consumer.seen, active: consumer.active ?? consumer.seen))
    }
    for entry in stored.pending {
      guard let name = entry.consumer, let consumer = group.consumers[name] else {
        releasedCount += 1
        continue
      }
      group.setPending(entry.id, consumer, delivered: entry.delivered, deliveryCount: entry.deliveryCount)
    }
    addGroup(group)
  }

  /// Whether the key is removed: never, because a stream without entries stays.
  package var isEmpty: Bool { false }

  package var byteCount: Int { 300 + nodesByteCount + groupsByteCount }

  package func copied() -> Self {
    let copy = Self()
    copy.nodes = Array(liveNodes)
    copy.length = length
    copy.lastID = lastID
    copy.maxDeletedID = maxDeletedID
    copy.entriesAdded = entriesAdded
    copy.nodesByteCount = nodesByteCount
    (copy.releasedCount, copy.idempotencyCount) = (releasedCount, idempotencyCount)
    groups.forEach { _, group in copy.addGroup(group.copied()) }
    return copy
  }

  // MARK: Groups

  /// Memory of the groups, in bytes.
  private var groupsByteCount = 0

  /// Changes a group, and counts the memory that it takes.
  func change<E: Error>(_ group: ReplayedStreamGroup, _ body: () throws(E) -> Void) throws(E) {
    let former = group.byteCount
    defer { groupsByteCount += group.byteCount - former }
    try body()
  }

  func addGroup(_ group: ReplayedStreamGroup) {
    groups.set(group.name, group)
    groupsByteCount += group.byteCount
  }

  func removeGroup(_ group: ReplayedStreamGroup) {
    groups.remove(group.name)
    groupsByteCount -= group.byteCount
  }

  // MARK: Entries

  /// The bytes of all nodes.
  package var listpackByteCount: Int { liveNodes.reduce(0) { $0 + $1.listpackByteCount } }

  /// The number of nodes.
  package var nodeCount: Int { nodes.count - firstNode }

  /// The nodes, in the order of their IDs.
  var liveNodes: ArraySlice<StreamNode> { nodes[firstNode...] }

  /// The ID of the first live entry; 0-0 if there is none.
  var firstID: StreamID {
    for node in liveNodes where node.liveCount > 0 { return node.slots[node.firstLive].id }
    return .zero
  }

  /// The ID of the last live entry; 0-0 if there is none.
  var lastEntryID: StreamID {
    for node in liveNodes.reversed() where node.liveCount > 0 {
      return node.slots.last { !$0.isDeleted }?.id ?? .zero
    }
    return .zero
  }

  /// Appends an entry with a larger ID than all before, without counting it in ``entriesAdded``.
  ///
  /// - Parameter fields: The names and values of the fields, alternating.
  func append(_ id: StreamID, _ fields: ArraySlice<[UInt8]>, _ limits: EncodingLimits) {
    let byteCount = fields.reduce(0) { $0 + $1.count }
    let last = nodes.count - 1
    if last >= firstNode,
      limits.streamNode(of: nodes[last].listpackByteCount, count: nodes[last].slots.count, accepts: byteCount)
    {
      nodesByteCount -= nodes[last].byteCount
      nodes[last].append(id, fields)
      nodesByteCount += nodes[last].byteCount
    } else {
      let node = StreamNode(id, fields)
      nodesByteCount += node.byteCount
      nodes.append(node)
    }
    length += 1
    lastID = id
  }

  /// The index of the node that can have the entry.
  private func node(of id: StreamID) -> Int? {
    let index = firstNode + partition(nodes.count - firstNode) { nodes[firstNode + $0].master <= id } - 1
    return index >= firstNode ? index : nil
  }

  /// Whether the stream has a live entry with the ID.
  func contains(_ id: StreamID) -> Bool { node(of: id).map { nodes[$0].index(of: id) != nil } ?? false }

  /// Deletes an entry.
  ///
  /// - Returns: Whether it was there.
  func delete(_ id: StreamID) -> Bool {
    guard let node = node(of: id), let index = nodes[node].index(of: id) else { return false }
    length -= 1
    if nodes[node].liveCount == 1 {
      removeNode(node)
    } else {
      nodes[node].delete(at: index)
    }
    return true
  }

  /// Removes a node with all its entries; its live ones are no longer counted in ``length``.
  func removeNode(_ index: Int) {
    nodesByteCount -= nodes[index].byteCount
    guard index == firstNode else {
      nodes.remove(at: index)
      return
    }
    // The elements of removed first nodes leave the array together, so that trimming at every XADD moves few nodes.
    nodes[index] = StreamNode(.zero, [])
    firstNode += 1
    if firstNode == nodes.count {
      (nodes, firstNode) = ([], 0)
    } else if firstNode > 64, firstNode > nodes.count / 2 {
      nodes.removeFirst(firstNode)
      firstNode = 0
    }
  }

  /// The IDs of the live entries after `id`, at most `limit`.
  func ids(after id: StreamID, limit: Int) -> [StreamID] {
    var result: [StreamID] = []
    var index = node(of: id) ?? firstNode
    while index < nodes.count, result.count < limit {
      for slot in nodes[index].slots where slot.id > id && !slot.isDeleted && result.count < limit {
        result.append(slot.id)
      }
      index += 1
    }
    return result
  }

  /// Whether entries after `id` can have been deleted, so that the number of entries read is not certain.
  func canHaveGaps(from id: StreamID) -> Bool {
    length > 0 && maxDeletedID > .zero && firstID <= maxDeletedID && id <= maxDeletedID
  }

  /// The number of entries that were added up to `id`; `nil`: not known.
  func distance(from id: StreamID) -> UInt64? {
    StreamInfo(
      length: length, lastID: lastID, firstID: firstID, maxDeletedID: maxDeletedID, entriesAdded: entriesAdded,
      groupCount: 0
    ).entriesRead(upTo: id)
  }
}
