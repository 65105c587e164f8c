public import RDBFormat

/// The description of a collection, before its first element.
public struct ElementsHeader: Hashable, Sendable {
  /// The number of elements, if the file has it before them. It may be wrong: reserve no memory for it.
  ///
  /// `nil` for a quicklist, and for a packed value of 65,535 or more elements.
  public var count: UInt64?
  /// The number of nodes of a quicklist; else 1.
  @usableFromInline package var nodeCount: UInt64
  /// Whether the first node of a list is plain: one large element that is not packed.
  @usableFromInline package var firstNodeIsPlain: Bool
  /// The bytes, decompressed, of the (first) packed blob; 0: none.
  @usableFromInline package var firstBlobByteCount: Int
  /// The insertion cursor of an array that has one.
  public var insertIndex: UInt64?
  /// Whether the stored type can have field expiries.
  @usableFromInline package var canCarryFieldExpiries: Bool

  /// Creates a header.
  @inlinable package init(
    count: UInt64?, nodeCount: UInt64 = 1, firstNodeIsPlain: Bool = false, firstBlobByteCount: Int = 0,
    insertIndex: UInt64? = nil, canCarryFieldExpiries: Bool = false
  ) {
    self.count = count
    self.nodeCount = nodeCount
    self.firstNodeIsPlain = firstNodeIsPlain
    self.firstBlobByteCount = firstBlobByteCount
    self.insertIndex = insertIndex
    self.canCarryFieldExpiries = canCarryFieldExpiries
  }
}

/// A node of a quicklist or stream.
public struct ValueNode: Hashable, Sendable {
  /// The bytes, decompressed, of the node's listpack or ziplist, or of its only element.
  public var byteCount: Int
  /// Whether the node is one large element that is not packed.
  public var isPlain: Bool
  /// Of a stream: the ID that the entries' IDs are stored relative to.
  @usableFromInline package var masterID: StreamID

  /// Creates a node.
  @inlinable package init(byteCount: Int, isPlain: Bool = false, masterID: StreamID = .zero) {
    (self.byteCount, self.isPlain, self.masterID) = (byteCount, isPlain, masterID)
  }
}
