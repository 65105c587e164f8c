public import RDBFormat

/// Counts the nodes of a radix tree of stream IDs, and their bytes, while IDs are inserted in ascending order.
///
/// Every ID ends in a leaf; wherever IDs part there is a branch; the bytes between two of these are one
/// compressed node. What is known of the path to the last ID fits into a few words: the memory is the
/// same for any number of IDs. Source: `raxGenericInsert` in Redis `src/rax.c`.
public struct RaxEstimate: Hashable, Sendable {
  public private(set) var count: UInt64 = 0
  private let allocator: Allocator
  private var closedNodes: UInt64 = 0
  private var closedBytes: UInt64 = 0
  private var last = StreamID.zero
  /// One bit a depth at which the path to the last ID branches; how many ways there are there.
  private var branches: UInt32 = 0
  private var ways = SIMD16<UInt16>()

  private static var keyByteCount: Int { 16 }

  /// - Parameter allocator: Where the nodes are to lie.
  public init(allocator: Allocator) { self.allocator = allocator }

  /// Inserts an ID, which is greater than all before.
  public mutating func insert(_ id: StreamID) {
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

  /// Nodes of the whole tree; of an empty one: its head.
  public var nodeCount: UInt64 { count > 0 ? closed.closedNodes : 1 }

  /// Bytes of all nodes as allocated, and of the tree itself.
  public var byteCount: UInt64 {
    // Head, and numbers of elements, nodes and bytes.
    allocator.size(32) &+ (count > 0 ? closed.closedBytes : allocator.size(8))
  }

  private var closed: RaxEstimate {
    var whole = self
    whole.closeDown(to: -1)
    return whole
  }

  /// Counts what lies below `depth` on the path to the last ID: nothing more is inserted there.
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

  /// Counts the leaf or branch at depth `child`, and the compressed node between it and its parent's branch.
  private mutating func close(_ child: Int, below parent: Int) {
    closedNodes &+= 1
    if child == Self.keyByteCount {
      // A header, and where the ID's entries are.
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

  /// A node's header and the bytes it stands for.
  private static func padded(_ byteCount: UInt64) -> UInt64 { (4 &+ byteCount &+ 7) & ~7 }

  private static func commonByteCount(_ a: StreamID, _ b: StreamID) -> Int {
    let high = a.milliseconds ^ b.milliseconds
    if high != 0 { return high.leadingZeroBitCount / 8 }
    return 8 + (a.sequence ^ b.sequence).leadingZeroBitCount / 8
  }
}
