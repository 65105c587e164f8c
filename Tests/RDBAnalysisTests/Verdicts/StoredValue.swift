import RDB
import RDBFormat
import TestSupport

/// A value as a file and a DUMP payload store it.
struct StoredValue: Hashable, Sendable {
  /// The type byte.
  var type: UInt8
  /// Who gives the type byte its meaning.
  var vendor: Vendor
  /// The bytes after the key's name.
  var bytes: [UInt8]

  /// The value as RESTORE takes it, with a footer that every server with the type accepts.
  var payload: [UInt8] { RDBBytes.payload([type] + bytes, version: vendor == .valkey ? 80 : 10) }

  /// A snapshot of one key with the value.
  var snapshot: [UInt8] { RDBBytes.snapshot(version: vendor == .valkey ? 81 : 15, RDBBytes.key(type, bytes)) }

  /// The type, by which the bytes are read.
  var valueType: ValueType? { ValueType.resolve(type, vendor: vendor) }

  /// Returns the values of a snapshot in file order, up to the first damage.
  static func values(in snapshot: [UInt8]) -> [StoredValue] {
    var reader = RDBReader(MemorySource(snapshot))
    var sink = StoredValueSink()
    _ = try? reader.read(into: &sink)
    return sink.values
  }
}

/// Collects the values of a snapshot as they are stored.
private struct StoredValueSink: SelectiveSink {
  static var events: SinkEvents { [.beginSnapshot, .stored, .endKey] }

  private(set) var values: [StoredValue] = []
  private var vendor = Vendor.redis
  private var current: StoredValue?

  mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) { vendor = header.vendor }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    // RESTORE refuses a value that refers to a hash template of its file; a module validates its own.
    guard key.storedType.isSelfContained, key.storedType.data != .module else { return .skip }
    let isShared = key.storedType.row.vendor == nil
    current = StoredValue(type: key.storedType.code, vendor: isShared ? .redis : vendor, bytes: [])
    return .stored
  }

  mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    chunk.withUnsafeBytes { current?.bytes.append(contentsOf: $0) }
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    if let current, !current.bytes.isEmpty { values.append(current) }
    current = nil
  }
}
