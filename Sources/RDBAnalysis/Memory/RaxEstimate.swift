import RDBFormat

/// Computes the number and size of the nodes of a radix tree of stream IDs that are inserted in ascending order.
///
/// Each ID ends in a leaf. There is a branch at each byte where IDs differ, and a compressed node for the bytes between
/// two such nodes. Only the path to the last ID is kept, so memory is constant.
/// Source: `raxGenericInsert` in Redis `src/rax.c`.
package struct RaxEstimate: Hashable, Sendable {
  package private(set) var count: UInt64 = 0
  private let allocator: Allocator
  private var closedNodes: UInt64 = 0
  private var closedBytes: UInt64 = 0
  private var last = StreamID.zero
  /// One bit per depth, set if the path to the last ID branches there.
  private var branches: UInt32 = 0
  /// The number of children of the branch at each depth.
  private var ways = SIMD16<UInt16>()

  private static var keyByteCount: Int { 16 }

  /// Creates an empty tree.
  package init(allocator: Allocator) { self.allocator = allocator }

  /// Inserts an ID.
  ///
  /// - Precondition: The ID is greater than all IDs before.
  package mutating func insert(_ id: StreamID) {
    defer { last = id }
    count &+= 1
    guard count > 1 else { return }
    let depth = Self.commonByteCount(last, id)
    guard depth < Self.keyByteCount else { return }
    closeDown(to: depth)
    let isNew = branches & 1 << UInt32(depth) == 0
    branches |= 1 << UInt32(depth)
    ways[depth] = isNew ? 2 : ways[depth] &+ 1
  }

  /// The number of nodes. An empty tree has one.
  package var nodeCount: UInt64 { count > 0 ? closed.closedNodes : 1 }

  /// The size of all allocations of the tree, in bytes.
  package var byteCount: UInt64 {
    // The tree's own structure: its head, and the numbers of elements, nodes and bytes.
    allocator.size(32) &+ (count > 0 ? closed.closedBytes : allocator.size(8))
  }

  private var closed: RaxEstimate {
    var whole = self
    whole.closeDown(to: -1)
    return whole
  }

  /// Counts the nodes below `depth` on the path to the last ID, which do not change any more.
  private mutating func closeDown(to depth: Int) {
    var child = Self.keyByteCount
    while true {
      let deepest = 31 - branches.leadingZeroBitCount
      let parent = max(deepest, depth)
      close(child, below: parent)
      guard deepest > depth else { return }
      branches &= ~(1 << UInt32(deepest))
      child = deepest
    }
  }

  /// Counts the leaf or branch at depth `child`, and the compressed node between it and the parent's branch.
  private mutating func close(_ child: Int, below parent: Int) {
    closedNodes &+= 1
    if child == Self.keyByteCount {
      // A header, and a pointer to the entries.
      closedBytes &+= allocator.size(16)
    } else {
      let count = UInt64(ways[child])
      closedBytes &+= allocator.size(Self.padded(count) &+ 8 &* count)
    }
    let between = child - parent - 1
    guard between > 0 else { return }
    closedNodes &+= 1
    closedBytes &+= allocator.size(Self.padded(UInt64(between)) &+ 8)
  }

  /// Returns the size of a node's header and of its `byteCount` key bytes, padded to a multiple of eight.
  private static func padded(_ byteCount: UInt64) -> UInt64 { (4 &+ byteCount &+ 7) & ~7 }

  private static func commonByteCount(_ a: StreamID, _ b: StreamID) -> Int {
    let high = a.milliseconds ^ b.milliseconds
    if high != 0 { return high.leadingZeroBitCount / 8 }
    return 8 + (a.sequence ^ b.sequence).leadingZeroBitCount / 8
  }
}
