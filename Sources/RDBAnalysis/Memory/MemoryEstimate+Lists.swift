import RDB
import RDBFormat

/// The encodings and sizes of lists and streams.
extension MemoryEstimate {
  /// The largest size of a list node, in bytes: `list-max-listpack-size -2`.
  private static var nodeLimit: UInt64 { 8192 }

  /// Adds a stored node of a list or stream.
  package mutating func node(_ node: ValueNode) {
    let byteCount = UInt64(node.byteCount)
    switch type.data {
    case .stream:
      stream.entries.insert(node.masterID)
      stream.packedByteCount &+= rules.allocated(byteCount)
    case .string, .list, .set, .zset, .hash, .array, .pathHash, .module:
      if type == .listQuicklist, rules.hasListpacks {
        closeNode()
        nodes.open = PackedSize.listpackFrame
        nodes.ziplistByteCount = byteCount
      } else if node.isPlain || byteCount > emptyNode() {
        nodes.count &+= 1
        nodes.byteCount &+= rules.allocated(byteCount)
        nodes.lastByteCount = byteCount
      }
      if node.isPlain { nodes.hasPlain = true }
    }
  }

  // MARK: Lists

  /// Adds an element that is converted from a ziplist to a listpack.
  mutating func repack() { nodes.open &+= elements.previousByteCount }

  /// The size of a node without elements, which a server drops.
  private mutating func emptyNode() -> UInt64 {
    rules.hasListpacks ? PackedSize.listpackFrame : PackedSize.ziplistFrame
  }

  private mutating func closeNode() { nodes = closedNodes() }

  /// The nodes, with the current one closed.
  private mutating func closedNodes() -> NodeSizes {
    var nodes = nodes
    if nodes.open > emptyNode() {
      nodes.count &+= 1
      nodes.byteCount &+=
        nodes.ziplistByteCount > 0
        ? converted(nodes.open, from: nodes.ziplistByteCount) : rules.allocated(nodes.open)
      nodes.lastByteCount = nodes.open
    }
    nodes.open = 0
    return nodes
  }

  /// Adds an element to the last node, or to a new one if the last is full.
  ///
  /// Source: `_quicklistNodeAllowInsert` in Redis `src/quicklist.c`.
  mutating func push(_ byteCount: UInt64) {
    if model.hasLargePlainNodes, byteCount > Self.nodeLimit {
      closeNode()
      nodes.count &+= 1
      nodes.byteCount &+= rules.allocated(byteCount)
      nodes.hasPlain = true
      return
    }
    if nodes.open > 0, nodes.open &+ byteCount &+ 8 > Self.nodeLimit { closeNode() }
    if nodes.open == 0 {
      nodes.open = emptyNode()
    }
    nodes.open &+= elements.previousByteCount
  }

  mutating func listEncoding() -> ObjectEncoding {
    let version = model.version
    guard version.isAtLeast(3, 2) else {
      let isSmall =
        elements.count <= 512 && elements.longest <= 64 && (type == .list || type == .listZiplist)
      return isSmall ? .ziplist : .linkedlist
    }
    // A server pushes the elements of a ziplist one by one and does not convert the result.
    if type == .listZiplist { return .quicklist }
    let nodes = closedNodes()
    let isSmall = nodes.count == 1 && !nodes.hasPlain && nodes.lastByteCount <= Self.nodeLimit
    return model.hasPackedSets && isSmall ? .listpack : .quicklist
  }

  mutating func listByteCount() -> UInt64 {
    let nodes = closedNodes()
    switch listEncoding() {
    case .listpack: return nodes.byteCount
    case .ziplist: return rules.allocated(elements.packedByteCount)
    case .linkedlist: return 48 &+ elements.count &* (24 + 16) &+ elements.stringByteCount
    default:
      return model.quicklistByteCount &+ nodes.count &* model.quicklistNodeByteCount &+ nodes.byteCount
    }
  }

  // MARK: Streams

  package mutating func streamGroup() {
    closeGroup()
    stream.groups &+= 1
  }

  package mutating func streamConsumer(nameByteCount: Int) {
    stream.consumers &+= 1
    stream.consumerNameByteCount &+= UInt64(nameByteCount)
    stream.consumerPending.append(RaxEstimate(allocator: model.allocator))
  }

  package mutating func streamPending(_ id: StreamID, consumer: Int?) {
    stream.pending &+= 1
    stream.groupPending.insert(id)
    if let consumer, consumer < stream.consumerPending.count {
      stream.consumerPending[consumer].insert(id)
    }
  }

  private mutating func closeGroup() {
    guard stream.groups > 0 else { return }
    stream.treeByteCount &+= tree(stream.groupPending)
    for consumer in stream.consumerPending { stream.treeByteCount &+= tree(consumer) }
    stream.groupPending = RaxEstimate(allocator: model.allocator)
    stream.consumerPending.removeAll(keepingCapacity: true)
  }

  /// Returns the size of a radix tree as a server counts it: Valkey adds up allocations; Redis estimates one ID per
  /// entry and 30 words per node.
  ///
  /// Source: `streamRadixTreeMemoryUsage` in Redis, `raxAllocSize` in Valkey `src/object.c`.
  private mutating func tree(_ rax: RaxEstimate) -> UInt64 {
    model.countsTrees ? rax.byteCount : rax.count &* 16 &+ rax.nodeCount &* 244
  }

  mutating func streamByteCount() -> UInt64 {
    var all = self
    all.closeGroup()
    let sizes = all.stream
    return model.streamByteCount &+ tree(sizes.entries) &+ sizes.packedByteCount
      &+ sizes.treeByteCount &+ sizes.pending &* model.pendingByteCount
      &+ sizes.groups &* model.groupByteCount
      &+ sizes.consumers &* model.consumerByteCount &+ sizes.consumerNameByteCount
  }
}
