import RDB
import RDBFormat
import RDBSupport

/// Summaries of keys by prefix, in bounded memory.
///
/// A key is counted once, at its longest prefix. ``sums`` adds the counts of longer prefixes to shorter ones.
///
/// The root has the whole limit as its share. A prefix divides its share evenly among its children. A prefix with more
/// children than its share allows keeps none of them: their keys are gathered in one node of the kind `other`. More keys
/// only reduce shares and add children, so a prefix that is gathered in a part is also gathered in the whole. Trees can
/// be merged in any order, and all sums are exact.
struct PrefixTree: Sendable {
  enum Kind: UInt8, Sendable { case prefix, template, other }

  struct Node: Sendable {
    /// The index of the first byte of the prefix in ``names``.
    var start: Int
    var byteCount: Int
    var parent: Int32
    var depth: UInt8
    var kind: Kind
    /// Whether the children are gathered in the node `other`.
    var isGathered = false
    /// The index of the node of the kind `other`; −1 if there is none yet.
    var other: Int32 = -1
  }

  let limit: Int
  private(set) var nodes: [Node]
  private(set) var summaries: [KeySummary]
  private var names: [UInt8] = []
  /// A hash table of node indexes with open addressing. Free entries are −1; the size is a power of two.
  private var table: [Int32]
  private let hasher = SeededHash()

  init(limit: Int) {
    self.limit = max(limit, 1)
    nodes = [Node(start: 0, byteCount: 0, parent: -1, depth: 0, kind: .prefix)]
    summaries = [KeySummary()]
    table = Array(repeating: -1, count: 64)
  }

  func name(_ node: Int) -> ArraySlice<UInt8> {
    names[nodes[node].start..<nodes[node].start + nodes[node].byteCount]
  }

  // MARK: Adding

  /// Returns the index of the node that counts the keys of a prefix. Adds nodes where there are none.
  ///
  /// - Parameters:
  ///   - prefix: The longest prefix of a key.
  ///   - ends: The offsets of the ends of the prefix's parts, of which there are `count`.
  @inline(__always)
  mutating func index(of prefix: UnsafeRawBufferPointer, _ ends: SIMD16<Int32>, _ count: Int) -> Int {
    let found = find(prefix, .prefix)
    return found >= 0 ? found : make(prefix, ends, count)
  }

  /// Adds a key to the summary of a node.
  ///
  /// - Parameter index: The result of ``index(of:_:_:)`` for the key. It is not valid after this call.
  @inline(__always)
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange, at index: Int) {
    summaries[index].add(key, range)
    if nodes.count > 2 &* limit &+ 64 { prune() }
  }

  /// Adds a key that matches a template.
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange, template: [UInt8]) {
    let index = template.withUnsafeBytes { self.node(template: $0) }
    summaries[index].add(key, range)
  }

  private mutating func node(template: UnsafeRawBufferPointer) -> Int {
    let found = find(template, .template)
    return found >= 0 ? found : insert(template, parent: 0, depth: 1, .template)
  }

  /// Returns a new node for a prefix, or the node that gathers its keys.
  @inline(never)
  private mutating func make(_ prefix: UnsafeRawBufferPointer, _ ends: SIMD16<Int32>, _ count: Int) -> Int {
    var parent = 0
    for part in 0..<count {
      if nodes[parent].isGathered { return other(of: parent) }
      let bytes = UnsafeRawBufferPointer(rebasing: prefix[..<Int(ends[part])])
      let found = find(bytes, .prefix)
      parent = found >= 0 ? found : insert(bytes, parent: parent, depth: part + 1, .prefix)
    }
    return parent
  }

  private mutating func other(of parent: Int) -> Int {
    if nodes[parent].other >= 0 { return Int(nodes[parent].other) }
    var node = nodes[parent]
    node.parent = Int32(parent)
    node.depth += 1
    node.kind = .other
    node.isGathered = false
    nodes[parent].isGathered = true
    nodes[parent].other = Int32(nodes.count)
    nodes.append(node)
    summaries.append(KeySummary())
    return nodes.count - 1
  }

  private mutating func insert(
    _ bytes: UnsafeRawBufferPointer, parent: Int, depth: Int, _ kind: Kind
  ) -> Int {
    let node = Node(
      start: names.count, byteCount: bytes.count, parent: Int32(parent), depth: UInt8(depth), kind: kind)
    names.append(contentsOf: bytes)
    nodes.append(node)
    summaries.append(KeySummary())
    if nodes.count * 2 > table.count { rehash() } else { enter(nodes.count - 1) }
    return nodes.count - 1
  }

  // MARK: The table

  @inline(__always)
  private func slot(_ bytes: UnsafeRawBufferPointer, _ kind: Kind) -> Int {
    Int(truncatingIfNeeded: hasher.hash(bytes.bytes, seed: UInt64(kind.rawValue))) & (table.count &- 1)
  }

  /// Returns the index of a prefix's node, or −1 if there is none.
  @inline(__always)
  private func find(_ bytes: UnsafeRawBufferPointer, _ kind: Kind) -> Int {
    if bytes.isEmpty { return 0 }
    var slot = slot(bytes, kind)
    while table[slot] >= 0 {
      let node = Int(table[slot])
      if nodes[node].kind == kind, nodes[node].byteCount == bytes.count, hasName(node, bytes) { return node }
      slot = (slot &+ 1) & (table.count &- 1)
    }
    return -1
  }

  @inline(__always)
  private func hasName(_ node: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let start = nodes[node].start
    return names.withUnsafeBytes { names in
      guard let name = names.baseAddress, let other = bytes.baseAddress else { return bytes.isEmpty }
      return memcmp(name + start, other, bytes.count) == 0
    }
  }

  private mutating func enter(_ node: Int) {
    guard nodes[node].kind != .other, node > 0 else { return }
    var slot = names.withUnsafeBytes { names in
      let start = nodes[node].start
      return self.slot(
        UnsafeRawBufferPointer(rebasing: names[start..<start + nodes[node].byteCount]), nodes[node].kind)
    }
    while table[slot] >= 0 { slot = (slot &+ 1) & (table.count &- 1) }
    table[slot] = Int32(node)
  }

  private mutating func rehash() {
    var size = 64
    while size < nodes.count * 4 { size *= 2 }
    table = Array(repeating: -1, count: size)
    for node in nodes.indices { enter(node) }
  }

  // MARK: The bound

  /// Gathers the children of each prefix that has too many children. Called when there are twice as many nodes as
  /// allowed, and at the end.
  mutating func prune() {
    var branches = [Int](repeating: 0, count: nodes.count)
    for node in nodes where node.kind == .prefix && node.parent >= 0 { branches[Int(node.parent)] += 1 }
    var shares = [Int](repeating: 0, count: nodes.count)
    shares[0] = limit
    var isGathering = [Bool](repeating: false, count: nodes.count)
    // Parents precede their children.
    for index in nodes.indices where nodes[index].kind == .prefix {
      if index > 0 {
        let parent = Int(nodes[index].parent)
        shares[index] = max(shares[parent] - 1, 0) / max(branches[parent], 1)
        if isGathering[parent] { isGathering[index] = true }
      }
      if nodes[index].isGathered || branches[index] > 0 && branches[index] >= shares[index] {
        isGathering[index] = true
      }
    }
    rebuild(gathering: isGathering)
  }

  private mutating func rebuild(gathering: [Bool]) {
    var kept = PrefixTree(limit: limit)
    // For each node, the index of its node in the new tree.
    var targets = [Int](repeating: 0, count: nodes.count)
    for index in nodes.indices {
      let node = nodes[index]
      if index > 0 {
        let parent = Int(node.parent)
        // All nodes below a gathered node are merged into the gathering node.
        let isLost = kept.nodes[targets[parent]].kind == .other
        if isLost {
          targets[index] = targets[parent]
        } else if node.kind == .template {
          targets[index] = names.withUnsafeBytes { kept.node(template: slice(node, of: $0)) }
        } else if node.kind == .other || gathering[parent] {
          targets[index] = kept.other(of: targets[parent])
        } else {
          targets[index] = names.withUnsafeBytes {
            kept.insert(slice(node, of: $0), parent: targets[parent], depth: Int(node.depth), .prefix)
          }
        }
      }
      kept.summaries[targets[index]].merge(summaries[index])
      if gathering[index], kept.nodes[targets[index]].kind == .prefix {
        kept.nodes[targets[index]].isGathered = true
      }
    }
    self = kept
  }

  private func slice(_ node: Node, of names: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: names[node.start..<node.start + node.byteCount])
  }

  // MARK: Merging

  /// Adds the keys of another tree.
  mutating func merge(_ other: PrefixTree) {
    var targets = [Int](repeating: 0, count: other.nodes.count)
    for (index, node) in other.nodes.enumerated() {
      if index > 0 {
        let parent = targets[Int(node.parent)]
        targets[index] = other.names.withUnsafeBytes {
          child(of: parent, node.kind, other.slice(node, of: $0), depth: Int(node.depth))
        }
      }
      if node.isGathered, nodes[targets[index]].kind == .prefix { gather(targets[index]) }
      summaries[targets[index]].merge(other.summaries[index])
    }
    prune()
  }

  /// Marks a node as gathered. ``prune()`` then gathers the nodes below.
  private mutating func gather(_ node: Int) { nodes[node].isGathered = true }

  private mutating func child(
    of parent: Int, _ kind: Kind, _ bytes: UnsafeRawBufferPointer, depth: Int
  ) -> Int {
    if nodes[parent].kind == .other { return parent }
    switch kind {
    case .template: return node(template: bytes)
    case .other: return other(of: parent)
    case .prefix:
      if nodes[parent].isGathered { return other(of: parent) }
      let found = find(bytes, .prefix)
      return found >= 0 ? found : insert(bytes, parent: parent, depth: depth, .prefix)
    }
  }

  // MARK: Reading

  /// Adds a node of a decoded report. Parents must be added before their children.
  ///
  /// - Parameter sum: The summary of all keys below the node.
  /// - Returns: The index of the node, or of the root if the node does not fit into the tree.
  mutating func restore(_ bytes: [UInt8], _ kind: Kind, parent: Int, depth: Int, _ sum: KeySummary) -> Int {
    let node: Int
    if depth == 0 {
      node = 0
    } else {
      summaries[parent].subtract(sum)
      node = bytes.withUnsafeBytes { child(of: parent, kind, $0, depth: min(depth, 16)) }
    }
    summaries[node].merge(sum)
    return node
  }

  /// The summary of each node with all nodes below.
  var sums: [KeySummary] {
    var sums = summaries
    for index in nodes.indices.reversed() where index > 0 {
      sums[Int(nodes[index].parent)].merge(sums[index])
    }
    return sums
  }
}
