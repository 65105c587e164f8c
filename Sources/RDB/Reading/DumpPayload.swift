package import RDBFormat

/// A value as DUMP gives it and RESTORE takes it: type, stored bytes, RDB version in 2 bytes, CRC-64 in 8 bytes.
///
/// Source: `createDumpPayload` and `verifyDumpPayload` in Redis `src/cluster.c`.
package struct DumpPayload: Sendable {
  /// The value's type.
  package let type: ValueType
  /// The stored bytes without the type; of a module, without its ID.
  package let value: [UInt8]
  /// The module's type, if the value belongs to a module.
  package let module: ModuleID?
  /// The vendor and RDB version that give the type its meaning.
  package let header: SnapshotHeader

  /// The bytes after the value: version and checksum.
  private static let footerByteCount = 10

  /// Checks the version and the checksum of a payload, and takes it apart. The value itself is not checked.
  ///
  /// - Throws: ``RDBError``; offsets count from the first byte of the payload.
  package init(_ bytes: [UInt8]) throws(RDBError) {
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
    guard let type = ValueType.resolve(bytes[0], vendor: vendor), type.isSelfContained else {
      throw RDBError(.unknownValueType, at: 0, expected: "a value type", found: "\(bytes[0])")
    }
    var start = 1
    var module: ModuleID?
    if type.data == .module {
      var cursor = ByteCursor(bytes.span.bytes.extracting(1..<end), base: 1)
      module = ModuleID(rawValue: try cursor.length())
      start += cursor.position
    }
    (self.type, self.module) = (type, module)
    value = Array(bytes[start..<end])
    header = SnapshotHeader(vendor: vendor, version: version)
  }

  /// A snapshot with one key, which has this value.
  ///
  /// - Parameter name: The name of the key.
  package func snapshot(key name: [UInt8]) throws -> [UInt8] {
    let destination = MemoryDestination()
    var writer = try RDBWriter(to: destination, header: header)
    try writer.beginStored(name.span.bytes, type, module: module)
    try writer.stored(value.span.bytes)
    try writer.endKey()
    _ = try writer.finish()
    return destination.bytes
  }
}
