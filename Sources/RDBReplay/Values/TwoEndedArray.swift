/// An array with fast insertion and removal at both ends.
struct TwoEndedArray<Element> {
  /// The first elements in reverse order.
  private var head: [Element] = []
  private var tail: [Element] = []

  var count: Int { head.count + tail.count }
  var isEmpty: Bool { head.isEmpty && tail.isEmpty }
  var indices: Range<Int> { 0..<count }

  subscript(index: Int) -> Element {
    _read {
      if index < head.count { yield head[head.count - 1 - index] } else { yield tail[index - head.count] }
    }
    _modify {
      if index < head.count { yield &head[head.count - 1 - index] } else { yield &tail[index - head.count] }
    }
  }

  mutating func append(_ element: Element) { tail.append(element) }

  mutating func insert(_ element: Element, at index: Int) {
    if index < head.count || index == 0 {
      head.insert(element, at: head.count - index)
    } else {
      tail.insert(element, at: index - head.count)
    }
  }

  @discardableResult
  mutating func remove(at index: Int) -> Element {
    if index == 0, head.isEmpty {
      // Half of the elements move to the other array, so that the following removals are fast.
      let half = (tail.count + 1) / 2
      head = tail[..<half].reversed()
      tail.removeSubrange(..<half)
    } else if index == count - 1, tail.isEmpty {
      let half = (head.count + 1) / 2
      tail = head[..<half].reversed()
      head.removeSubrange(..<half)
    }
    return index < head.count ? head.remove(at: head.count - 1 - index) : tail.remove(at: index - head.count)
  }
}
