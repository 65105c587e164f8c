import RDB
import RDBFormat

/// Insertions and removals, with the nodes that a server's quicklist then has.
extension ReplayedList {
  /// A node with the given elements.
  func node(_ elements: [[UInt8]], isPlain: Bool = false) -> Node {
    Node(
      elements: elements,
      byteCount: isPlain ? elements[0].count : elements.reduce(overhead) { $0 + entrySize($1) }, isPlain: isPlain)
  }

  private var overhead: Int { Int(limits.hasListpackNodes ? PackedSize.listpackFrame : PackedSize.ziplistFrame) }

  private func entrySize(_ element: [UInt8]) -> Int {
    let (byteCount, integer) = (UInt64(element.count), canonicalInteger(element))
    if limits.hasListpackNodes { return Int(PackedSize.listpackEntry(byteCount: byteCount, integer: integer)) }
    let entry = PackedSize.ziplistEntry(byteCount: byteCount, integer: integer)
    // The next entry stores the length of this one, the length that this one stores included.
    return Int(entry + PackedSize.previousLength(entry + 1))
  }

  // MARK: Ends

  /// Appends an element at the end.
  func append(_ element: [UInt8]) { push(element, atHead: false) }

  /// Inserts an element at the head.
  func prepend(_ element: [UInt8]) { push(element, atHead: true) }

  func push(_ element: [UInt8], atHead: Bool) {
    let last = atHead ? 0 : nodes.count - 1
    if accepts(element, node: last) {
      insert(element, node: last, at: atHead ? 0 : nodes[last].elements.count)
    } else {
      insertNode(of: element, at: atHead ? 0 : nodes.count)
    }
  }

  /// Removes the first or last element; the list is not empty.
  func pop(atHead: Bool) -> [UInt8] {
    let node = atHead ? 0 : nodes.count - 1
    let element = atHead ? nodes[node].elements[0] : nodes[node].elements[nodes[node].elements.count - 1]
    remove(node: node, at: atHead ? 0 : nodes[node].elements.count - 1)
    return element
  }

  // MARK: Anywhere

  /// Inserts an element before or after the one at an index.
  func insert(_ element: [UInt8], nextTo index: Int, isAfter: Bool) {
    let (node, offset) = position(of: index)
    let target = isAfter ? offset + 1 : offset
    let isAtEnd = isAfter ? target == nodes[node].elements.count : target == 0
    let neighbor = isAfter ? node + 1 : node - 1
    if accepts(element, node: node) {
      insert(element, node: node, at: target)
    } else if isAtEnd {
      if accepts(element, node: neighbor) {
        insert(element, node: neighbor, at: isAfter ? 0 : nodes[neighbor].elements.count)
      } else {
        insertNode(of: element, at: isAfter ? node + 1 : node)
      }
    } else if limits.isLarge(element.count) {
      split(node, at: target)
      insertNode(of: element, at: node + 1)
    } else {
      split(node, at: target)
      // The element goes to the later part if it is inserted after another, else to the earlier part.
      if isAfter {
        insert(element, node: node + 1, at: 0)
      } else {
        insert(element, node: node, at: target)
      }
      mergeNodes(around: isAfter ? node : node + 1)
    }
  }

  /// Replaces the element at an index.
  func replace(at index: Int, _ element: [UInt8]) {
    let (node, offset) = position(of: index)
    guard nodes[node].isPlain || limits.isLarge(element.count) && encoding == .quicklist else {
      let former = nodes[node].elements[offset]
      nodes[node].elements[offset] = element
      nodes[node].byteCount += entrySize(element) - entrySize(former)
      elementByteCount += element.count - former.count
      return
    }
    if offset < nodes[node].elements.count - 1 { split(node, at: offset + 1) }
    if nodes[node].isPlain, !limits.isLarge(element.count), accepts(element, node: node + 1) {
      insert(element, node: node + 1, at: 0)
    } else {
      insertNode(of: element, at: node + 1)
    }
    remove(node: node, at: offset)
  }

  /// Removes `length` elements from an index on.
  func removeRange(at index: Int, count length: Int) {
    guard length > 0 else { return }
    var (node, offset) = position(of: index)
    var rest = length
    while rest > 0 {
      let removed = min(rest, nodes[node].elements.count - offset)
      let isWhole = removed == nodes[node].elements.count
      for element in nodes[node].elements[offset..<offset + removed] {
        elementByteCount -= element.count
        if !isWhole { nodes[node].byteCount -= entrySize(element) }
      }
      if isWhole {
        nodes.remove(at: node)
      } else {
        nodes[node].elements.removeSubrange(offset..<offset + removed)
        node += 1
      }
      offset = 0
      rest -= removed
    }
    count -= length
  }

  /// Removes elements equal to `element`: all, or as many as `limit`, from the head or from the end.
  ///
  /// - Returns: The number of elements removed.
  func removeAll(_ element: [UInt8], limit: Int, fromEnd: Bool) -> Int {
    var removed = 0
    var node = fromEnd ? nodes.count - 1 : 0
    while removed < limit, fromEnd ? node >= 0 : node < nodes.count {
      let before = nodes.count
      var offset = fromEnd ? nodes[node].elements.count - 1 : 0
      while removed < limit, nodes.count == before, nodes[node].elements.indices.contains(offset) {
        if nodes[node].elements[offset] == element {
          remove(node: node, at: offset)
          removed += 1
          if fromEnd { offset -= 1 }
        } else {
          offset += fromEnd ? -1 : 1
        }
      }
      // A node that lost its last element is gone: the next one has its index.
      if fromEnd { node -= 1 } else if nodes.count == before { node += 1 }
    }
    return removed
  }

  // MARK: Nodes

  /// Whether an element may be added to a node. A listpack takes every element.
  private func accepts(_ element: [UInt8], node: Int) -> Bool {
    guard nodes.indices.contains(node) else { return false }
    if encoding == .listpack { return true }
    guard !nodes[node].isPlain else { return false }
    return limits.listNode(of: nodes[node].byteCount, count: nodes[node].elements.count, accepts: element.count)
  }

  private func insert(_ element: [UInt8], node: Int, at offset: Int) {
    nodes[node].elements.insert(element, at: offset)
    nodes[node].byteCount += entrySize(element)
    count += 1
    elementByteCount += element.count
  }

  private func insertNode(of element: [UInt8], at index: Int) {
    nodes.insert(node([element], isPlain: encoding == .quicklist && limits.isLarge(element.count)), at: index)
    count += 1
    elementByteCount += element.count
  }

  private func remove(node: Int, at offset: Int) {
    let element = nodes[node].elements[offset]
    count -= 1
    elementByteCount -= element.count
    if nodes[node].elements.count == 1 {
      nodes.remove(at: node)
    } else {
      nodes[node].elements.remove(at: offset)
      nodes[node].byteCount -= entrySize(element)
    }
  }

  /// Splits a node into the elements before an offset, and those from it on.
  private func split(_ index: Int, at offset: Int) {
    let elements = nodes[index].elements
    nodes[index] = node(Array(elements[..<offset]))
    nodes.insert(node(Array(elements[offset...])), at: index + 1)
  }

  /// Merges nodes near a node, as far as they fit: the two before it, the two after it, then it with its neighbors.
  private func mergeNodes(around center: Int) {
    var center = center
    if merge(center - 2) { center -= 1 }
    merge(center + 1)
    if merge(center - 1) { center -= 1 }
    merge(center)
  }

  /// Merges a node with the next one if they fit into one.
  ///
  /// - Returns: Whether they did.
  @discardableResult
  private func merge(_ index: Int) -> Bool {
    guard index >= 0, index + 1 < nodes.count, !nodes[index].isPlain, !nodes[index + 1].isPlain,
      nodes[index].byteCount + nodes[index + 1].byteCount - overhead <= limits.listNodeByteCount
    else { return false }
    let next = nodes.remove(at: index + 1)
    nodes[index].elements += next.elements
    nodes[index].byteCount += next.byteCount - overhead
    return true
  }

  // MARK: Encodings

  /// Changes a listpack to a quicklist if it would be too large with new elements.
  ///
  /// - Parameter added: The size of the new elements, in bytes.
  func prepare(adding added: Int) {
    guard encoding == .listpack else { return }
    let current = nodes.isEmpty ? overhead : nodes[0].byteCount
    if current + added > limits.listNodeByteCount { encoding = .quicklist }
  }

  /// Changes a quicklist that has become small to a listpack, as a server does after a removal.
  func convertIfShrunken() { convertToListpackIfSmall(limit: limits.listNodeByteCount / 2) }

  /// Changes a quicklist with one node of at most `limit` bytes to a listpack.
  func convertToListpackIfSmall(limit: Int) {
    guard limits.hasPackedLists, encoding == .quicklist, nodes.count == 1, !nodes[0].isPlain,
      nodes[0].byteCount <= limit
    else { return }
    encoding = .listpack
  }
}
