import RDBFormat

/// What a value being written still lacks: the promises made by its counts.
struct PendingValue: CustomStringConvertible {
  enum Part: UInt8 {
    case nothing, element, quicklistNode, stored, moduleAux
    case streamNode, streamInfo, streamGroup, streamPending, streamConsumer, consumerPending
  }

  /// What comes next.
  var part: Part = .nothing
  var type: ValueType = .string
  /// How many of it are left.
  var remaining: UInt64 = 0
  /// Of a hash whose field expiries count from the earliest of them.
  var firstExpiry: Int64 = 0
  /// Of a stream: what is left outside the part that comes next.
  var groups: UInt64 = 0
  var consumers: UInt64 = 0

  var isNothing: Bool { part == .nothing }

  /// Whether the value may end here.
  var isComplete: Bool {
    switch part {
    case .nothing, .moduleAux: false
    case .stored: true
    case .element, .quicklistNode: remaining == 0
    case .streamNode, .streamInfo: false
    case .streamGroup: groups == 0
    case .streamPending: remaining == 0 && consumers == 0 && groups == 0
    case .streamConsumer, .consumerPending: remaining == 0 && consumers == 0 && groups == 0
    }
  }

  var description: String {
    switch part {
    case .nothing: "a record"
    case .element: remaining == 0 ? "the end of the key" : "\(remaining) elements of a \(type.name)"
    case .quicklistNode: remaining == 0 ? "the end of the key" : "\(remaining) quicklist nodes"
    case .stored: "stored bytes or the end of the key"
    case .moduleAux: "stored bytes or the end of the module data"
    case .streamNode: "\(remaining) stream nodes"
    case .streamInfo: "the stream's numbers"
    case .streamGroup: "\(groups) consumer groups"
    case .streamPending: "\(remaining) pending entries, then \(consumers) consumers"
    case .streamConsumer: "\(consumers) consumers, then \(groups) consumer groups"
    case .consumerPending: "\(remaining) pending IDs, then \(consumers) consumers"
    }
  }
}
