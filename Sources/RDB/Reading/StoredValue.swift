package import RDBFormat

/// A value as it is stored in a snapshot, and as DUMP gives it and RESTORE takes it.
package struct StoredValue: Sendable {
  /// The value's type.
  package var type: ValueType
  /// The stored bytes without the type; of a module, without its ID.
  package var payload: [UInt8]
  /// The module's type, if the value belongs to a module.
  package var module: ModuleID?
  /// The vendor and RDB version that give the type its meaning.
  package var header: SnapshotHeader
  /// The record KEY_META of the key, opcode included; empty: none.
  package var metadata: [UInt8] = []

  package init(type: ValueType, payload: [UInt8], module: ModuleID? = nil, header: SnapshotHeader) {
    (self.type, self.payload, self.module, self.header) = (type, payload, module, header)
  }
}

/// A value as DUMP gives it: KEY_META if the key has any, type, stored bytes, RDB version in 2 bytes, CRC-64 in 8 bytes.
///
/// Source: `createDumpPayload` and `verifyDumpPayload` in Redis `src/cluster.c`.
extension StoredValue {
  /// The bytes after the value: version and checksum.
  private static let footerByteCount = 10

  /// Checks the version and the checksum of a payload, and takes it apart. The value itself is not checked.
  ///
  /// - Throws: ``RDBError``; offsets count from the first byte of the payload.
  package init(dump bytes: [UInt8]) throws(RDBError) {
    guard bytes.count > Self.footerByteCount else {
      throw RDBError(
        .truncated, at: bytes.count, expected: "a payload of DUMP, of more than \(Self.footerByteCount) bytes",
        found: "\(bytes.count)")
    }
    let end = bytes.count - Self.footerByteCount
    var crc = CRC64()
    crc.update(bytes.span.bytes.extracting(first: end + 2))
    let stored = bytes.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // Servers accept a checksum of zero, which means none.
    guard stored == 0 || stored == crc.value else {
      throw RDBError(
        .checksumMismatch, at: end + 2, expected: "the checksum \(crc.value) of the payload", found: "\(stored)")
    }
    let version = Int(bytes[end]) | Int(bytes[end + 1]) << 8
    let vendor: Vendor = version >= 80 ? .valkey : .redis
    guard Vendor.redis.rdbVersions.contains(version) || Vendor.valkey.rdbVersions.contains(version) else {
      throw RDBError(.unsupportedVersion, at: end, expected: "an RDB version up to 15, 80 or 81", found: "\(version)")
    }
    var cursor = ByteCursor(bytes.span.bytes.extracting(..<end))
    var metadata: [UInt8] = []
    if bytes[0] == Opcode.keyMetaOrSlotImport.rawValue, vendor == .redis {
      try cursor.skipKeyMetadata()
      metadata = Array(bytes[..<cursor.position])
    }
    let code = try cursor.byte()
    guard let type = ValueType.resolve(code, vendor: vendor), type.isSelfContained else {
      throw RDBError(.unknownValueType, at: cursor.position - 1, expected: "a value type", found: "\(code)")
    }
    let module = type.data == .module ? ModuleID(rawValue: try cursor.length()) : nil
    self.init(
      type: type, payload: Array(bytes[cursor.position..<end]), module: module,
      header: SnapshotHeader(vendor: vendor, version: version))
    self.metadata = metadata
  }

  /// A snapshot with one key, which has this value.
  ///
  /// - Parameter name: The name of the key.
  package func snapshot(key name: [UInt8]) throws -> [UInt8] {
    let destination = MemoryDestination()
    var writer = try RDBWriter(to: destination, header: header)
    try writer.beginStored(name.span.bytes, type, KeyAttributes(metadata: metadata), module: module)
    try writer.stored(payload.span.bytes)
    try writer.endKey()
    _ = try writer.finish()
    return destination.bytes
  }
}

extension ByteCursor {
  /// Steps over a record KEY_META: the opcode, n, then n × (class, items…, 0).
  ///
  /// - Throws: ``RDBError``.
  fileprivate mutating func skipKeyMetadata() throws(RDBError) {
    _ = try byte()
    var count = try length()
    while count > 0 {
      _ = try littleEndian(UInt32.self)
      while try skipModuleItem() {}
      count -= 1
    }
  }

  /// Steps over an item of a module's data.
  ///
  /// - Returns: Whether it was an item, not the end of the data.
  private mutating func skipModuleItem() throws(RDBError) -> Bool {
    let start = offset
    switch try length() {
    case 0: return false
    case 1, 2: _ = try length()
    case 3: _ = try littleEndian(UInt32.self)
    case 4: _ = try littleEndian(UInt64.self)
    case 5:
      switch try stringHeader() {
      case .raw(let byteCount), .lzf(let byteCount, _): _ = try take(byteCount)
      case .integer: break
      }
    case let other: throw RDBError.badModuleItem(at: start, other)
    }
    return true
  }
}
