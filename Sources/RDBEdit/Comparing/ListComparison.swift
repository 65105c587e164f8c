import RDB

/// Finds the elements that were added to a list, removed from it, or replaced.
///
/// The common beginning and end are left out. Between them, the shortest sequence of additions and removals is looked for
/// (E. W. Myers, "An O(ND) difference algorithm and its variations", 1986). If the lists differ by more than
/// ``editLimit`` elements, or have more than ``heldLimit`` elements after their common beginning, elements with the same
/// index are compared.
struct ListComparison {
  /// An element of one list.
  struct Element {
    var content: ValueDigest
    var record: LocatedPart
  }

  static let editLimit = 1_000
  static let heldLimit = 500_000

  private var before: [Element] = []
  private var after: [Element] = []
  /// The number of elements per list that were compared by index.
  private var comparedCount = 0
  private var isByIndex = false

  /// Adds the next element of one of the lists.
  ///
  /// - Parameter report: Receives each change, in order.
  mutating func add(_ element: Element, isBefore: Bool, _ report: (LocatedPart?, LocatedPart?) -> Void) {
    if isBefore { before.append(element) } else { after.append(element) }
    if before.count == 1, after.count == 1, before[0].content == after[0].content, !isByIndex {
      // The common beginning.
      before.removeAll(keepingCapacity: true)
      after.removeAll(keepingCapacity: true)
    }
    if max(before.count, after.count) > Self.heldLimit { isByIndex = true }
    if isByIndex { compareByIndex(isFinal: false, report) }
  }

  /// Ends the lists, and reports the changes that are left.
  mutating func finish(_ report: (LocatedPart?, LocatedPart?) -> Void) {
    if !isByIndex {
      while let a = before.last, let b = after.last, a.content == b.content {
        before.removeLast()
        after.removeLast()
      }
      if let script = Self.script(before, after) {
        Self.report(script, before, after, report)
        self = ListComparison()
        return
      }
    }
    compareByIndex(isFinal: true, report)
    self = ListComparison()
  }

  private mutating func compareByIndex(isFinal: Bool, _ report: (LocatedPart?, LocatedPart?) -> Void) {
    let count = min(before.count, after.count)
    for index in 0..<count where before[index].content != after[index].content {
      report(before[index].record, after[index].record)
    }
    before.removeFirst(count)
    after.removeFirst(count)
    guard isFinal else { return }
    for element in before { report(element.record, nil) }
    for element in after { report(nil, element.record) }
  }

  /// A step from one list to the other.
  private enum Step { case keep, remove, add }

  /// Returns the shortest script that turns one list into the other; `nil` if it has more than ``editLimit`` changes.
  private static func script(_ before: [Element], _ after: [Element]) -> [Step]? {
    let (n, m) = (before.count, after.count)
    if n == 0 || m == 0 { return Array(repeating: .remove, count: n) + Array(repeating: .add, count: m) }
    let limit = min(n + m, editLimit)
    // The furthest index in `before` on each diagonal, and a copy of it for each number of changes.
    var furthest = [Int](repeating: 0, count: 2 * limit + 3)
    var history: [[Int]] = []
    for distance in 0...limit {
      history.append(Array(furthest[(limit + 1 - distance)...(limit + 1 + distance)]))
      for diagonal in stride(from: -distance, through: distance, by: 2) {
        let center = limit + 1 + diagonal
        let isDown =
          diagonal == -distance || diagonal != distance && furthest[center - 1] < furthest[center + 1]
        var x = distance == 0 ? 0 : isDown ? furthest[center + 1] : furthest[center - 1] + 1
        while x < n, x - diagonal < m, x - diagonal >= 0, before[x].content == after[x - diagonal].content { x += 1 }
        furthest[center] = x
        if x >= n, x - diagonal >= m { return trace(history, distance, n, m) }
      }
    }
    return nil
  }

  /// Follows the furthest points back from the ends of both lists.
  private static func trace(_ history: [[Int]], _ distance: Int, _ n: Int, _ m: Int) -> [Step] {
    var steps: [Step] = []
    var (x, y) = (n, m)
    for distance in stride(from: distance, to: 0, by: -1) {
      // The furthest points after `distance` − 1 changes; diagonal d has the index d + distance.
      let furthest = history[distance]
      let diagonal = x - y
      let isDown =
        diagonal == -distance
        || diagonal != distance && furthest[diagonal - 1 + distance] < furthest[diagonal + 1 + distance]
      let previous = isDown ? diagonal + 1 : diagonal - 1
      let previousX = furthest[previous + distance]
      let previousY = previousX - previous
      // The step leads to this point, from which equal elements follow.
      let startX = isDown ? previousX : previousX + 1
      while x > startX {
        steps.append(.keep)
        x -= 1
      }
      steps.append(isDown ? .add : .remove)
      (x, y) = (previousX, previousY)
    }
    while x > 0, y > 0 {
      steps.append(.keep)
      x -= 1
      y -= 1
    }
    return steps.reversed()
  }

  /// Reports the changes of a script. Elements that are removed and added at the same index are replaced.
  private static func report(
    _ script: [Step], _ before: [Element], _ after: [Element], _ report: (LocatedPart?, LocatedPart?) -> Void
  ) {
    var (x, y) = (0, 0)
    var index = 0
    while index < script.count {
      if script[index] == .keep {
        (x, y, index) = (x + 1, y + 1, index + 1)
        continue
      }
      let (firstX, firstY) = (x, y)
      while index < script.count, script[index] != .keep {
        if script[index] == .remove { x += 1 } else { y += 1 }
        index += 1
      }
      for offset in 0..<max(x - firstX, y - firstY) {
        report(
          firstX + offset < x ? before[firstX + offset].record : nil,
          firstY + offset < y ? after[firstY + offset].record : nil)
      }
    }
  }
}
