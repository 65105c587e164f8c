import RDB
import RDBFormat

/// Totals of keys by prefixes of their names, in bounded memory.
///
/// Each key is counted once, at the longest of its prefixes; sums over what lies below are made at the end.
///
/// The bound: every prefix has a share of the limit, the whole of it at the root, divided evenly among the
/// prefixes that continue it. One with more of these than its share has room for keeps none: they are
/// gathered under `(other)`. More keys only make shares smaller and branches more, so what one part of the
/// keys gathers the whole gathers too: parts merge in any order to the same tree, exact in every sum.
struct PrefixTree: Sendable {
  enum Kind: UInt8, Sendable { case prefix, template, other }

  struct Node: Sendable {
    /// Its bytes in ``names``.
    var start: Int
    var byteCount: Int
    var parent: Int32
    var depth: UInt8
    var kind: Kind
    /// Its continuations are gathered in the node `other`; −1: in none yet.
    var isGathered = false
    var other: Int32 = -1
  }

  let limit: Int
  private(set) var nodes: [Node]
  private(set) var totals: [KeyTotals]
  private var names: [UInt8] = []
  /// Open addressing; −1: free. A power of two.
  private var table: [Int32]
  private let hasher = UniqueHash()

  init(limit: Int) {
    self.limit = max(limit, 1)
    nodes = [Node(start: 0, byteCount: 0, parent: -1, depth: 0, kind: .prefix)]
    totals = [KeyTotals()]
    table = Array(repeating: -1, count: 64)
  }

  func name(_ node: Int) -> ArraySlice<UInt8> {
    names[nodes[node].start..<nodes[node].start + nodes[node].byteCount]
  }

  // MARK: Adding

  /// Counts a key whose prefix has parts that end at `ends`.
  @inline(__always)
  mutating func add(
    _ row: borrowing MemoryRow, _ life: Life, _ prefix: UnsafeRawBufferPointer, _ ends: SIMD16<Int32>,
    _ count: Int
  ) {
    let found = find(prefix, .prefix)
    let node = found >= 0 ? found : make(prefix, ends, count)
    totals[node].add(row, life)
    if nodes.count > 2 &* limit &+ 64 { prune() }
  }

  /// Counts a key of a template.
  mutating func add(_ row: borrowing MemoryRow, _ life: Life, template: [UInt8]) {
    let place = template.withUnsafeBytes { self.node(template: $0) }
    totals[place].add(row, life)
  }

  private mutating func node(template: UnsafeRawBufferPointer) -> Int {
    let found = find(template, .template)
    return found >= 0 ? found : insert(template, parent: 0, depth: 1, .template)
  }

  /// The node of a prefix that is not there, or of the gathering one of its ancestors.
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
    totals.append(KeyTotals())
    return nodes.count - 1
  }

  private mutating func insert(
    _ bytes: UnsafeRawBufferPointer, parent: Int, depth: Int, _ kind: Kind
  ) -> Int {
    let node = Node(
      start: names.count, byteCount: bytes.count, parent: Int32(parent), depth: UInt8(depth), kind: kind)
    names.append(contentsOf: bytes)
    nodes.append(node)
    totals.append(KeyTotals())
    if nodes.count * 2 > table.count { rehash() } else { enter(nodes.count - 1) }
    return nodes.count - 1
  }

  // MARK: The table

  @inline(__always)
  private func slot(_ bytes: UnsafeRawBufferPointer, _ kind: Kind) -> Int {
    Int(truncatingIfNeeded: hasher.hash(bytes.bytes, seed: UInt64(kind.rawValue))) & (table.count &- 1)
  }

  /// - Returns: The node; −1: there is none.
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
    names.withUnsafeBytes { names in
      UnsafeRawBufferPointer(rebasing: names[nodes[node].start..<nodes[node].start &+ bytes.count])
        .elementsEqual(bytes)
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

  /// Gathers what is too many: see above. Done whenever there are twice as many, and at the end.
  mutating func prune() {
    var branches = [Int](repeating: 0, count: nodes.count)
    for node in nodes where node.kind == .prefix && node.parent >= 0 { branches[Int(node.parent)] += 1 }
    var shares = [Int](repeating: 0, count: nodes.count)
    shares[0] = limit
    var isGathering = [Bool](repeating: false, count: nodes.count)
    // Parents stand before their children.
    for place in nodes.indices where nodes[place].kind == .prefix {
      if place > 0 {
        let parent = Int(nodes[place].parent)
        shares[place] = max(shares[parent] - 1, 0) / max(branches[parent], 1)
        if isGathering[parent] { isGathering[place] = true }
      }
      if nodes[place].isGathered || branches[place] > 0 && branches[place] >= shares[place] {
        isGathering[place] = true
      }
    }
    rebuild(gathering: isGathering)
  }

  private mutating func rebuild(gathering: [Bool]) {
    var kept = PrefixTree(limit: limit)
    // Where each node's totals go.
    var targets = [Int](repeating: 0, count: nodes.count)
    for place in nodes.indices {
      let node = nodes[place]
      if place > 0 {
        let parent = Int(node.parent)
        // Below what is gathered everything is one node.
        let isLost = kept.nodes[targets[parent]].kind == .other
        if isLost {
          targets[place] = targets[parent]
        } else if node.kind == .template {
          targets[place] = names.withUnsafeBytes { kept.node(template: slice(node, of: $0)) }
        } else if node.kind == .other || gathering[parent] {
          targets[place] = kept.other(of: targets[parent])
        } else {
          targets[place] = names.withUnsafeBytes {
            kept.insert(slice(node, of: $0), parent: targets[parent], depth: Int(node.depth), .prefix)
          }
        }
      }
      kept.totals[targets[place]].merge(totals[place])
      if gathering[place], kept.nodes[targets[place]].kind == .prefix {
        kept.nodes[targets[place]].isGathered = true
      }
    }
    self = kept
  }

  private func slice(_ node: Node, of names: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: names[node.start..<node.start + node.byteCount])
  }

  // MARK: Merging

  /// Adds another tree's keys.
  mutating func merge(_ other: PrefixTree) {
    var targets = [Int](repeating: 0, count: other.nodes.count)
    for (place, node) in other.nodes.enumerated() {
      if place > 0 {
        let parent = targets[Int(node.parent)]
        targets[place] = other.names.withUnsafeBytes {
          child(of: parent, node.kind, other.slice(node, of: $0), depth: Int(node.depth))
        }
      }
      if node.isGathered, nodes[targets[place]].kind == .prefix { gather(targets[place]) }
      totals[targets[place]].merge(other.totals[place])
    }
    prune()
  }

  /// What was kept below is gathered when the tree is pruned.
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

  /// Adds a node read from a report, whose totals have those of all below; parents come first.
  ///
  /// - Returns: The new node, or the root where the row makes no sense.
  mutating func restore(_ bytes: [UInt8], _ kind: Kind, parent: Int, depth: Int, _ sum: KeyTotals) -> Int {
    let node: Int
    if depth == 0 {
      node = 0
    } else {
      totals[parent].subtract(sum)
      node = bytes.withUnsafeBytes { child(of: parent, kind, $0, depth: min(depth, 16)) }
    }
    totals[node].merge(sum)
    return node
  }

  /// The totals of each node with all that lies below it.
  var sums: [KeyTotals] {
    var sums = totals
    for place in nodes.indices.reversed() where place > 0 {
      sums[Int(nodes[place].parent)].merge(sums[place])
    }
    return sums
  }
}
