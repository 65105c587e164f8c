import RDBSupport

/// The nodes of a cluster, and the hash slots of each.
package struct SlotOwners: Hashable, Sendable {
  /// A node with its hash slots.
  package struct Node: Hashable, Sendable {
    /// The name of the node's file, without its extension.
    package var name: String
    /// The slots in ascending order.
    package var ranges: [ClosedRange<Int>]

    /// The ranges as text: `0-5460,10923`.
    package var text: String { SlotOwners.text(of: ranges) }
  }

  /// The number of slots.
  package static let slotCount = HashSlots.count

  package private(set) var nodes: [Node] = []
  /// The index of the owner of each slot; −1: none.
  package private(set) var table = [Int](repeating: -1, count: slotCount)
  /// Remarks about nodes and slots, for the user.
  package var notes: [String] = []

  package init() {}

  /// Divides the slots evenly, as `redis-cli --cluster create` does.
  ///
  /// Of 3 shards, the first has the slots 0–5460, the second 5461–10922, the third 10923–16383.
  ///
  /// - Parameter count: The number of shards, 1–16,384.
  package init(shards count: Int) {
    self.init()
    let digitCount = String(count - 1).utf8.count
    // The same arithmetic, in floating point of 32 bits, gives the same ranges.
    let perNode = Float(Self.slotCount) / Float(count)
    var (first, cursor) = (0, Float(0))
    for shard in 0..<count {
      var last = Int((cursor + perNode - 1).rounded())
      if shard == count - 1 { last = Self.slotCount - 1 }
      last = min(max(last, first), Self.slotCount - count + shard)
      let digits = String(shard)
      add("shard-" + String(repeating: "0", count: digitCount - digits.utf8.count) + digits, [first...last])
      first = last + 1
      cursor += perNode
    }
  }

  /// Adds a node.
  ///
  /// - Returns: A slot that another node has; `nil`: none.
  @discardableResult
  mutating func add(_ name: String, _ ranges: [ClosedRange<Int>]) -> Int? {
    let taken = ranges.joined().first { table[$0] >= 0 }
    for slot in ranges.joined() where table[slot] < 0 { table[slot] = nodes.count }
    nodes.append(Node(name: name, ranges: ranges))
    return taken
  }

  /// Returns ranges as text: `0-5460,10923`.
  package static func text(of ranges: [ClosedRange<Int>]) -> String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }

  /// The slots that no node has.
  package var unowned: [ClosedRange<Int>] {
    var ranges: [ClosedRange<Int>] = []
    for (slot, owner) in table.enumerated() where owner < 0 {
      if let last = ranges.last, last.upperBound == slot - 1 {
        ranges[ranges.count - 1] = last.lowerBound...slot
      } else {
        ranges.append(slot...slot)
      }
    }
    return ranges
  }
}
