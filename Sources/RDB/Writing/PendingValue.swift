import RDBFormat

/// The parts that the value being written still lacks, by the counts that were announced.
struct PendingValue: CustomStringConvertible {
  enum Part: UInt8 {
    case nothing, element, quicklistNode, stored, moduleAux, path, moduleItem
    case streamNode, streamInfo, streamGroup, streamPending, streamConsumer, consumerPending, streamReleased
    case streamProducer, producerID, streamDone
  }

  /// The part that comes next.
  var part: Part = .nothing
  var type: ValueType = .string
  /// The kind of a collection that is written element by element; `nil`: another value.
  var collection: ValueLayout.Collection?
  /// How many such parts are left.
  var remaining: UInt64 = 0
  /// Whether the parts wait for their number, which is not known yet.
  var isOpen = false
  /// The number of parts that waited.
  var written: UInt64 = 0
  /// The earliest field expiry of a `hash_metadata`, which the others are stored relative to.
  var firstExpiry: Int64 = 0
  /// The consumer groups and consumers of a stream that follow the next part.
  var groups: UInt64 = 0
  var consumers: UInt64 = 0

  var isNothing: Bool { part == .nothing }

  /// Whether the value may end here.
  var isComplete: Bool {
    switch part {
    case .nothing, .moduleAux: false
    case .stored, .moduleItem, .streamDone: true
    case .element, .quicklistNode: remaining == 0
    case .path: remaining == 0 && groups == 0
    case .streamNode, .streamInfo, .streamReleased, .streamProducer, .producerID: false
    case .streamGroup: groups == 0 && !hasProducers
    case .streamPending: remaining == 0 && consumers == 0 && groups == 0 && !hasProducers
    case .streamConsumer, .consumerPending: remaining == 0 && consumers == 0 && groups == 0 && !hasProducers
    }
  }

  /// Whether the idempotent producers of a stream follow its groups.
  var hasProducers: Bool { type == .streamListpacks4 || type == .streamListpacks5 }

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
    case .streamReleased: "\(remaining) released IDs, then \(groups) consumer groups"
    case .streamProducer: "\(remaining) producers"
    case .producerID: "\(remaining) IDs of a producer, then \(groups) producers"
    case .streamDone, .moduleItem: "the end of the key"
    case .path: "\(remaining) fields of a path, then \(groups) paths"
    }
  }
}
