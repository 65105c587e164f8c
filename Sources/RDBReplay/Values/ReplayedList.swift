import RDB
import RDBFormat

/// A list of the replayed keyspace.
///
/// Its nodes are those of a live server: whether a list is a listpack or a quicklist depends on them.
package final class ReplayedList: ReplayedCollection {
  /// The elements of a node, which a snapshot stores in one listpack or ziplist.
  struct Node {
    var elements: [[UInt8]]
    /// The size of the packed node, in bytes.
    var byteCount: Int
    /// Whether the node is one large element itself.
    var isPlain = false
  }

  /// The nodes; each has an element. A listpack has at most one.
  var nodes = TwoEndedArray<Node>()
  /// The encoding of a live server: a listpack or a quicklist.
  package internal(set) var encoding: ObjectEncoding
  let limits: EncodingLimits
  /// The number of elements.
  package internal(set) var count = 0
  /// The bytes of all elements.
  var elementByteCount = 0

  /// Creates an empty list, which a command will fill.
  ///
  /// - Parameter encoding: A listpack or a quicklist; releases that have no packed lists use a quicklist.
  package init(_ limits: EncodingLimits, encoding: ObjectEncoding = .listpack) {
    self.limits = limits
    self.encoding = limits.hasPackedLists ? encoding : .quicklist
  }

  /// Creates a list as a server loads it, with full nodes.
  package convenience init(loading elements: [[UInt8]], _ limits: EncodingLimits) {
    self.init(limits, encoding: .quicklist)
    for element in elements { append(element) }
    convertToListpackIfSmall(limit: limits.listNodeByteCount)
  }

  /// Creates a list as a server loads it from the nodes of a quicklist.
  ///
  /// - Parameter nodes: The elements of each node; a plain node is one large element itself.
  package convenience init(loadingNodes nodes: [(elements: [[UInt8]], isPlain: Bool)], _ limits: EncodingLimits) {
    self.init(limits, encoding: .quicklist)
    for (elements, isPlain) in nodes where !elements.isEmpty {
      self.nodes.append(node(elements, isPlain: isPlain && elements.count == 1))
      count += elements.count
      elementByteCount += elements.reduce(0) { $0 + $1.count }
    }
    convertToListpackIfSmall(limit: limits.listNodeByteCount)
  }

  private init(copying list: ReplayedList) {
    (nodes, encoding, limits) = (list.nodes, list.encoding, list.limits)
    (count, elementByteCount) = (list.count, list.elementByteCount)
  }

  package var isEmpty: Bool { count == 0 }
  package var byteCount: Int { elementByteCount + count * byteStringOverhead + nodes.count * 64 + 64 }
  package func copied() -> Self { Self(copying: self) }

  /// All elements, the first one first.
  package var elements: [[UInt8]] { nodes.indices.flatMap { nodes[$0].elements } }

  /// The element at an index.
  package subscript(index: Int) -> [UInt8] {
    let (node, offset) = position(of: index)
    return nodes[node].elements[offset]
  }

  /// The node that has the element at an index, and the element's index in it.
  func position(of index: Int) -> (node: Int, offset: Int) {
    if index > count / 2 {
      var (node, rest) = (nodes.count - 1, count - index)
      while rest > nodes[node].elements.count {
        rest -= nodes[node].elements.count
        node -= 1
      }
      return (node, nodes[node].elements.count - rest)
    }
    var (node, offset) = (0, index)
    while offset >= nodes[node].elements.count {
      offset -= nodes[node].elements.count
      node += 1
    }
    return (node, offset)
  }
}

extension EncodingLimits {
  /// Whether a list that fits into one node is a listpack.
  var hasPackedLists: Bool { server.isAtLeast(7, 2) }
}
