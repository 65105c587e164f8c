/// A part of a key in which two snapshots can differ, in the order of a report.
package enum PartKind: UInt8, Hashable, Sendable, BitwiseCopyable, CaseIterable {
  /// The key itself: its type, expiry, size and metadata.
  case key
  /// The value of a string.
  case value
  /// An element of a list.
  case element
  /// A member of a set, or of a sorted set with its score.
  case member
  /// A field of a hash, with its value and expiry.
  case field
  /// An element of an array, named by its index.
  case index
  /// A path of a path hash.
  case path
  /// A field of a path.
  case pathField
  /// An entry of a stream, named by its ID.
  case entry
  /// A number of a stream or array, named as the server names it.
  case number
  /// A consumer group of a stream.
  case group
  /// A consumer of a group.
  case consumer
  /// A pending entry of a group, named by its ID.
  case pending
  /// An ID that the stream remembers of an idempotent producer.
  case producerID
  /// The value of a module, which is compared as a whole.
  case payload

  /// The name in reports.
  package var name: String {
    switch self {
    case .key: "key"
    case .value: "value"
    case .element: "element"
    case .member: "member"
    case .field: "field"
    case .index: "index"
    case .path: "path"
    case .pathField: "path field"
    case .entry: "entry"
    case .number: "number"
    case .group: "group"
    case .consumer: "consumer"
    case .pending: "pending entry"
    case .producerID: "producer ID"
    case .payload: "payload"
    }
  }

  /// The name of several parts.
  package var plural: String {
    switch self {
    case .entry: "entries"
    case .pending: "pending entries"
    case .index: "indexes"
    default: name + "s"
    }
  }

  /// Whether the part belongs to a group, producer or path, whose name it has besides its own.
  var hasContainer: Bool {
    switch self {
    case .pathField, .consumer, .pending, .producerID: true
    case .key, .value, .element, .member, .field, .index, .path, .entry, .number, .group, .payload: false
    }
  }
}
