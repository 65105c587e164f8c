/// An event of a snapshot: a method of ``RDBSink``, whose name the case has.
public enum SinkEvent: Hashable, Sendable {
  /// ``RDBSink/beginKey(_:)``
  case beginKey
  /// ``RDBSink/beginSnapshot(_:)``
  case beginSnapshot
  /// ``RDBSink/aux(_:)``
  case aux
  /// ``RDBSink/functionLibrary(_:)``
  case functionLibrary
  /// ``RDBSink/beginModuleAux(_:)``
  case moduleAux
  /// ``RDBSink/slots(_:)``
  case slots
  /// ``RDBSink/databaseSize(database:keys:expiring:)``
  case databaseSize
  /// ``RDBSink/beginStored(byteCount:)``
  case beginStored
  /// ``RDBSink/stored(_:)``
  case stored
  /// ``RDBSink/endStored()``
  case endStored
  /// ``RDBSink/string(_:)``
  case string
  /// ``RDBSink/beginElements(_:)``
  case beginElements
  /// ``RDBSink/node(_:)``
  case node
  /// ``RDBSink/listElement(_:)``
  case listElement
  /// ``RDBSink/setMember(_:)``
  case setMember
  /// ``RDBSink/zsetMember(_:score:)``
  case zsetMember
  /// ``RDBSink/hashField(_:value:expiry:)``
  case hashField
  /// ``RDBSink/arrayElement(index:value:)``
  case arrayElement
  /// ``RDBSink/beginPath(_:fieldCount:)``
  case beginPath
  /// ``RDBSink/pathField(_:value:)``
  case pathField
  /// ``RDBSink/moduleItem(_:)``
  case moduleItem
  /// ``RDBSink/streamOutline(_:pendingIDs:)``
  case streamOutline
  /// ``RDBSink/beginStreamEntry(_:fieldCount:)``
  case beginStreamEntry
  /// ``RDBSink/streamField(_:value:)``
  case streamField
  /// ``RDBSink/streamInfo(_:)``
  case streamInfo
  /// ``RDBSink/streamGroup(_:)``
  case streamGroup
  /// ``RDBSink/streamConsumer(_:)``
  case streamConsumer
  /// ``RDBSink/streamPending(_:)``
  case streamPending
  /// ``RDBSink/streamIdempotency(durationSeconds:maxEntries:producerCount:)``
  case streamIdempotency
  /// ``RDBSink/streamIdempotencyID(producer:id:entry:)``
  case streamIdempotencyID
  /// ``RDBSink/streamIdempotencyEnd(idsAdded:idsDuplicate:)``
  case streamIdempotencyEnd
  /// ``RDBSink/endKey(_:)``
  case endKey
  /// ``RDBSink/endSnapshot(_:)``
  case endSnapshot
  /// ``RDBSink/finding(_:)``
  case finding

  /// The event's bit in ``SinkEvents``.
  @inlinable @inline(__always) var bit: UInt64 {
    switch self {
    case .beginKey: 1 << 63
    case .beginSnapshot: 1 << 0
    case .aux: 1 << 1
    case .functionLibrary: 1 << 2
    case .moduleAux: 1 << 3
    case .slots: 1 << 4
    case .databaseSize: 1 << 5
    case .beginStored: 1 << 6
    case .stored: 1 << 7
    case .endStored: 1 << 8
    case .string: 1 << 9
    case .beginElements: 1 << 10
    case .node: 1 << 11
    case .listElement: 1 << 12
    case .setMember: 1 << 13
    case .zsetMember: 1 << 14
    case .hashField: 1 << 15
    case .arrayElement: 1 << 16
    case .moduleItem: 1 << 17
    case .streamOutline: 1 << 18
    case .beginStreamEntry: 1 << 19
    case .streamField: 1 << 20
    case .streamInfo: 1 << 21
    case .streamGroup: 1 << 22
    case .streamConsumer: 1 << 23
    case .streamPending: 1 << 24
    case .streamIdempotency: 1 << 25
    case .streamIdempotencyID: 1 << 26
    case .streamIdempotencyEnd: 1 << 27
    case .endKey: 1 << 28
    case .endSnapshot: 1 << 29
    case .finding: 1 << 30
    case .beginPath: 1 << 31
    case .pathField: 1 << 32
    }
  }
}

/// The events that a selective sink has methods for.
///
/// An array literal of events: `[.listElement, .endKey]`. Each sink has ``RDBSink/beginKey(_:)``: that event need not be
/// declared.
public struct SinkEvents: ExpressibleByArrayLiteral, Hashable, Sendable {
  /// One bit per event.
  @usableFromInline let bits: UInt64

  /// Creates a set of events.
  ///
  /// The compiler evaluates this for a literal, so that the check of an ignored event costs nothing.
  @inlinable @inline(__always) public init(arrayLiteral events: SinkEvent...) {
    var bits: UInt64 = 0
    for event in events { bits |= event.bit }
    self.bits = bits
  }

  /// Whether `event` is one of the events.
  @inlinable @inline(__always) func contains(_ event: SinkEvent) -> Bool { bits & event.bit != 0 }
}
