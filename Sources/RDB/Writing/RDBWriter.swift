public import RDBFormat
import RDBSupport

/// A writer of snapshots: header, records, checksum.
///
///     var writer = try RDBWriter(to: file, header: SnapshotHeader(vendor: .redis, version: 10))
///     try writer.selectDatabase(0)
///     try writer.string(name, value)
///     try writer.beginElements(name, .set, count: 2)
///     try writer.setMember(first)
///     try writer.setMember(second)
///     try writer.endKey()
///     let summary = try writer.finish()
///
/// The caller orders the records: AUX fields, function libraries, then per database ``selectDatabase(_:)``,
/// ``databaseSize(keys:expiring:)`` and the keys. Nothing is allocated per key or element. The writer refuses what the
/// version cannot hold (`notRepresentable`) and parts that were not announced (`misplaced`); the output is then no valid
/// snapshot. It does not check that names are unique: servers refuse a file with a duplicate key.
///
/// Source: `rdbSaveRio` in Redis `src/rdb.c`.
public struct RDBWriter: ~Copyable {
  /// The size and the checksum of a written snapshot.
  public struct Summary: Hashable, Sendable {
    /// The number of bytes, checksum included.
    public var byteCount: UInt64
    /// The number of keys.
    public var keyCount: UInt64
    /// The checksum; `nil` if none was stored: versions before 5 have none, and the caller can switch it off.
    public var checksum: UInt64?

    /// Creates a summary.
    package init(byteCount: UInt64, keyCount: UInt64, checksum: UInt64?) {
      (self.byteCount, self.keyCount, self.checksum) = (byteCount, keyCount, checksum)
    }
  }

  /// The vendor and version of the snapshot.
  package let header: SnapshotHeader
  /// The buffered output of the snapshot.
  package var output: ByteOutput
  private let checksum: ChecksumDestination?
  let compressor: (any StringCompressor)?
  var compressed = ByteBuffer(capacity: 64)
  /// The elements of a value whose number is written before them; `nil` until there is such a value.
  var waiting: WaitingValue?
  /// The parts that the value being written still lacks.
  var pending = PendingValue()
  /// The number of keys begun so far.
  package internal(set) var keyCount: UInt64 = 0

  /// Writes the header.
  ///
  /// - Parameters:
  ///   - destination: The destination of the snapshot.
  ///   - header: The vendor and version: Redis 1–15 or Valkey 80–81.
  ///   - compressor: Compresses strings of more than 20 bytes; `nil`: none is compressed.
  ///   - computesChecksum: Whether to store a checksum. If not, zero is stored, and servers compare nothing.
  ///   - capacity: The size of the output buffer, in bytes.
  /// - Throws: ``RDBError`` (`notRepresentable`) for another version.
  public init(
    to destination: any ByteDestination, header: SnapshotHeader,
    compressor: (any StringCompressor)? = nil, computesChecksum: Bool = true,
    capacity: Int = 512 << 10
  ) throws(RDBError) {
    self.header = header
    self.compressor = compressor
    let checksum =
      computesChecksum && header.version >= 5 ? ChecksumDestination(destination) : nil
    self.checksum = checksum
    output = ByteOutput(to: checksum ?? destination, capacity: capacity)
    let magic = try header.magic
    try output.append(magic.span.bytes)
  }

  /// Creates a writer of records in the middle of a snapshot, without the header and the end.
  ///
  /// - Parameters:
  ///   - header: The vendor and version of the snapshot.
  ///   - destination: The destination of the records.
  ///   - compressor: Compresses strings of more than 20 bytes; `nil`: none is compressed.
  ///   - capacity: The size of the output buffer, in bytes.
  package init(
    recordsOf header: SnapshotHeader, to destination: any ByteDestination, compressor: (any StringCompressor)?,
    capacity: Int
  ) {
    self.header = header
    self.compressor = compressor
    checksum = nil
    output = ByteOutput(to: destination, capacity: capacity)
  }

  /// The number of bytes written so far.
  package var byteCount: UInt64 { output.byteCount }

  /// Whether a snapshot with this header can hold values of `type`.
  package func canWrite(_ type: ValueType) -> Bool {
    let row = type.row
    if let vendor = row.vendor, vendor != header.vendor { return false }
    // Valkey and Redis share the types up to RDB 11.
    return header.vendor == .redis || row.vendor == .valkey
      ? row.since <= header.version : row.since <= 11
  }

  /// Writes the end of the snapshot, its checksum, and all bytes that are still buffered.
  ///
  /// - Throws: ``RDBError`` (`misplaced`) inside a value.
  public consuming func finish() throws(RDBError) -> Summary {
    guard pending.isNothing else { throw misplaced("the end of the snapshot") }
    try output.append(Opcode.eof.rawValue)
    var crc: UInt64?
    if header.version >= 5 {
      try output.flush()
      crc = checksum?.crc.value
      try output.reserve(8)
      output.appendUnchecked(littleEndian: crc ?? 0)
    }
    try output.flush()
    return Summary(byteCount: output.byteCount, keyCount: keyCount, checksum: crc)
  }

  /// Writes all buffered bytes to the destination.
  package mutating func flush() throws(RDBError) { try output.flush() }
}

extension SnapshotHeader {
  /// The first bytes of a snapshot: `REDIS0011`, `VALKEY080`.
  ///
  /// - Throws: ``RDBError`` (`notRepresentable`) for a version that no release writes.
  package var magic: [UInt8] {
    get throws(RDBError) {
      let versions = vendor.rdbVersions
      guard versions.contains(version) else {
        throw .notRepresentable("a version of \(versions.lowerBound) to \(versions.upperBound)", "\(version)")
      }
      let digits = String(version)
      let name = vendor == .redis ? "REDIS" : "VALKEY"
      return Array((name + String(repeating: "0", count: 9 - name.utf8.count - digits.utf8.count) + digits).utf8)
    }
  }
}

extension ByteOutput {
  /// Appends an integer, its first byte the lowest. Room must have been reserved.
  @inlinable
  mutating func appendUnchecked<T: FixedWidthInteger & BitwiseCopyable>(littleEndian value: T) {
    base.storeBytes(of: value.littleEndian, toByteOffset: count, as: T.self)
    count += MemoryLayout<T>.size
  }

  /// Appends an integer, its first byte the highest. Room must have been reserved.
  @inlinable
  mutating func appendUnchecked<T: FixedWidthInteger & BitwiseCopyable>(bigEndian value: T) {
    appendUnchecked(littleEndian: value.byteSwapped)
  }
}

extension RDBError {
  /// The error of what a snapshot cannot hold.
  @inline(never)
  package static func notRepresentable(_ expected: String, _ found: String) -> RDBError {
    RDBError(.notRepresentable, at: 0, expected: expected, found: found)
  }
}

extension RDBWriter {
  /// - Throws: ``RDBError`` (`notRepresentable`) if the file's version is below `version`.
  @inline(__always)
  func require(_ version: Int, for what: @autoclosure () -> String) throws(RDBError) {
    if header.version < version { throw tooOld(version, what()) }
  }

  @inline(never)
  private func tooOld(_ version: Int, _ what: String) -> RDBError {
    RDBError(
      .notRepresentable, at: Int(clamping: output.byteCount),
      expected: "RDB version \(version) or later for \(what)", found: "\(header.version)")
  }

  @inline(never)
  func misplaced(_ found: String) -> RDBError {
    RDBError(
      .misplaced, at: Int(clamping: output.byteCount), expected: pending.description, found: found)
  }
}
