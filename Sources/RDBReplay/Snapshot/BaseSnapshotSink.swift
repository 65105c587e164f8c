import RDB
import RDBFormat
import RDBSupport

/// Passes on the keys of a base snapshot with their values as they are stored. A value is decoded when a command needs
/// it.
struct BaseSnapshotSink: SelectiveSink {
  private let execution: Execution
  private let readsValues: Bool
  private let receive: (_ name: [UInt8], _ database: UInt64, _ key: ReplayedKey) throws -> Void
  private var database: UInt64 = 0
  private(set) var header = SnapshotHeader(vendor: .redis, version: 0)
  private var name: [UInt8] = []
  private var key = ReplayedKey(.string([], isRaw: false))
  private var value = StoredValue(type: .string, payload: [], header: SnapshotHeader(vendor: .redis, version: 0))
  /// The fields of a hash that refers to a template elsewhere in the snapshot.
  private var fields: [(field: [UInt8], value: [UInt8], expiry: UnixMilliseconds?)] = []
  private(set) var auxFields: [(name: [UInt8], value: [UInt8])] = []

  static var events: SinkEvents {
    [
      .beginSnapshot, .aux, .functionLibrary, .beginKey, .beginStored, .stored, .endStored, .beginElements, .hashField,
      .endKey,
    ]
  }

  /// - Parameters:
  ///   - readsValues: Whether the values are wanted; else each is empty.
  ///   - execution: Gets the function libraries.
  ///   - receive: Receives each key.
  init(
    readsValues: Bool = true, _ execution: Execution,
    _ receive: @escaping (_ name: [UInt8], _ database: UInt64, _ key: ReplayedKey) throws -> Void
  ) {
    self.readsValues = readsValues
    self.execution = execution
    self.receive = receive
  }

  mutating func beginSnapshot(_ header: SnapshotHeader) { self.header = header }
  mutating func aux(_ field: borrowing AuxField) {
    auxFields.append(([UInt8](field.name), [UInt8](field.value)))
  }
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) {
    let code = [UInt8](library.code)
    execution.keyspace.libraries.set(libraryName(code) ?? [UInt8](library.name), code)
  }

  mutating func beginKey(_ header: borrowing KeyHeader) -> Interest {
    database = header.database
    name = [UInt8](header.name)
    key.expiry = header.expiry
    key.attributes = KeyAttributes(idleSeconds: header.idleSeconds, frequency: header.frequency)
    if header.metadata.byteCount > 0 { key.attributes.metadata = [UInt8](header.metadata) }
    value = StoredValue(type: header.storedType, payload: [], module: header.module, header: self.header)
    fields = []
    return readsValues ? .stored : .skip
  }
  mutating func beginStored(byteCount: UInt64) { value.payload.reserveCapacity(min(Int(clamping: byteCount), 1 << 20)) }
  mutating func stored(_ chunk: RawSpan) throws {
    value.payload.append(chunk)
  }
  mutating func endStored() {}
  mutating func beginElements(_ header: ElementsHeader) {}
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) {
    fields.append(([UInt8](field), [UInt8](value), expiry))
  }
  mutating func endKey(_ end: KeyEnd) throws {
    key.value = fields.isEmpty ? .stored(value) : .hash(ReplayedHash(loading: fields, execution.limits))
    value.payload = []
    try receive(name, database, key)
  }
}
