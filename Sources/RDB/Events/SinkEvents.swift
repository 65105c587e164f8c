/// The events that a selective sink has methods for.
///
/// One member per method of ``RDBSink``, with the method's name. Each sink has ``RDBSink/beginKey(_:)``: that event need not
/// be declared.
public struct SinkEvents: OptionSet, Hashable, Sendable {
  /// One bit per event.
  public let rawValue: UInt64
  /// Creates a set from its bits.
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// ``RDBSink/beginKey(_:)``
  @inlinable public static var beginKey: SinkEvents { SinkEvents(rawValue: 1 << 63) }
  /// ``RDBSink/beginSnapshot(_:)``
  @inlinable public static var beginSnapshot: SinkEvents { SinkEvents(rawValue: 1 << 0) }
  /// ``RDBSink/aux(_:)``
  @inlinable public static var aux: SinkEvents { SinkEvents(rawValue: 1 << 1) }
  /// ``RDBSink/functionLibrary(_:)``
  @inlinable public static var functionLibrary: SinkEvents { SinkEvents(rawValue: 1 << 2) }
  /// ``RDBSink/beginModuleAux(_:)``
  @inlinable public static var moduleAux: SinkEvents { SinkEvents(rawValue: 1 << 3) }
  /// ``RDBSink/slots(_:)``
  @inlinable public static var slots: SinkEvents { SinkEvents(rawValue: 1 << 4) }
  /// ``RDBSink/databaseSize(database:keys:expiring:)``
  @inlinable public static var databaseSize: SinkEvents { SinkEvents(rawValue: 1 << 5) }
  /// ``RDBSink/beginStored(byteCount:)``
  @inlinable public static var beginStored: SinkEvents { SinkEvents(rawValue: 1 << 6) }
  /// ``RDBSink/stored(_:)``
  @inlinable public static var stored: SinkEvents { SinkEvents(rawValue: 1 << 7) }
  /// ``RDBSink/endStored()``
  @inlinable public static var endStored: SinkEvents { SinkEvents(rawValue: 1 << 8) }
  /// ``RDBSink/string(_:)``
  @inlinable public static var string: SinkEvents { SinkEvents(rawValue: 1 << 9) }
  /// ``RDBSink/beginElements(_:)``
  @inlinable public static var beginElements: SinkEvents { SinkEvents(rawValue: 1 << 10) }
  /// ``RDBSink/node(_:)``
  @inlinable public static var node: SinkEvents { SinkEvents(rawValue: 1 << 11) }
  /// ``RDBSink/listElement(_:)``
  @inlinable public static var listElement: SinkEvents { SinkEvents(rawValue: 1 << 12) }
  /// ``RDBSink/setMember(_:)``
  @inlinable public static var setMember: SinkEvents { SinkEvents(rawValue: 1 << 13) }
  /// ``RDBSink/zsetMember(_:score:)``
  @inlinable public static var zsetMember: SinkEvents { SinkEvents(rawValue: 1 << 14) }
  /// ``RDBSink/hashField(_:value:expiry:)``
  @inlinable public static var hashField: SinkEvents { SinkEvents(rawValue: 1 << 15) }
  /// ``RDBSink/arrayElement(index:value:)``
  @inlinable public static var arrayElement: SinkEvents { SinkEvents(rawValue: 1 << 16) }
  /// ``RDBSink/moduleItem(_:)``
  @inlinable public static var moduleItem: SinkEvents { SinkEvents(rawValue: 1 << 17) }
  /// ``RDBSink/streamOutline(_:)``
  @inlinable public static var streamOutline: SinkEvents { SinkEvents(rawValue: 1 << 18) }
  /// ``RDBSink/beginStreamEntry(_:fieldCount:)``
  @inlinable public static var beginStreamEntry: SinkEvents { SinkEvents(rawValue: 1 << 19) }
  /// ``RDBSink/streamField(_:value:)``
  @inlinable public static var streamField: SinkEvents { SinkEvents(rawValue: 1 << 20) }
  /// ``RDBSink/streamInfo(_:)``
  @inlinable public static var streamInfo: SinkEvents { SinkEvents(rawValue: 1 << 21) }
  /// ``RDBSink/streamGroup(_:)``
  @inlinable public static var streamGroup: SinkEvents { SinkEvents(rawValue: 1 << 22) }
  /// ``RDBSink/streamConsumer(_:)``
  @inlinable public static var streamConsumer: SinkEvents { SinkEvents(rawValue: 1 << 23) }
  /// ``RDBSink/streamPending(_:)``
  @inlinable public static var streamPending: SinkEvents { SinkEvents(rawValue: 1 << 24) }
  /// ``RDBSink/streamIdempotency(_:)``
  @inlinable public static var streamIdempotency: SinkEvents { SinkEvents(rawValue: 1 << 25) }
  /// ``RDBSink/streamIdempotencyID(producer:id:entry:)``
  @inlinable public static var streamIdempotencyID: SinkEvents { SinkEvents(rawValue: 1 << 26) }
  /// ``RDBSink/streamIdempotencyEnd(idsAdded:idsDuplicate:)``
  @inlinable public static var streamIdempotencyEnd: SinkEvents { SinkEvents(rawValue: 1 << 27) }
  /// ``RDBSink/endKey(_:)``
  @inlinable public static var endKey: SinkEvents { SinkEvents(rawValue: 1 << 28) }
  /// ``RDBSink/endSnapshot(_:)``
  @inlinable public static var endSnapshot: SinkEvents { SinkEvents(rawValue: 1 << 29) }
  /// ``RDBSink/finding(_:)``
  @inlinable public static var finding: SinkEvents { SinkEvents(rawValue: 1 << 30) }
}
