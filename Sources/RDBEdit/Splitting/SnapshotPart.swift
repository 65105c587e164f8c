import RDB
import RDBFormat
import RDBSupport

/// One of the snapshots that a snapshot is divided into.
final class SnapshotPart {
  /// The largest number of databases that get a size. Servers have 16 by default.
  private static let sizedDatabaseLimit = 1024

  private let file: PartFile
  private let snapshot: SnapshotDestination
  private let version: Int
  /// The database of the last key.
  private var database: UInt64?
  private var sizes: [UInt64: Size] = [:]
  private(set) var keyCount: UInt64 = 0
  /// The number of bytes of keys.
  private(set) var recordByteCount: UInt64 = 0
  /// Whether the part has its first records.
  private(set) var hasBegun = false

  /// The number of keys of a database, which replaces zeros when it is known.
  private struct Size {
    var keys: UInt64 = 0
    var expiring: UInt64 = 0
    /// The offset of the RESIZEDB record.
    var offset: UInt64
  }

  init(_ options: SnapshotWritingOptions, _ file: PartFile) throws {
    self.file = file
    snapshot = try SnapshotDestination(options, to: file)
    version = options.header.version
  }

  /// The name of the file.
  var name: String { file.name }
  /// The number of bytes so far.
  var byteCount: UInt64 { snapshot.byteCount }

  /// Writes the records before the first key.
  func begin(with records: SpoolFile?) throws {
    hasBegun = true
    try records?.forEachPiece { try snapshot.write($0, followedBy: RawSpan()) }
  }

  /// Writes records that belong to no database.
  func write(_ records: RawSpan) throws { try snapshot.write(records, followedBy: RawSpan()) }

  /// Writes keys of one database, or a part of a key.
  ///
  /// - Parameters:
  ///   - keys: The number of keys that end in these bytes.
  ///   - expiring: The number of these that have an expiry.
  func write(_ records: RawSpan, in database: UInt64, keys: UInt64, expiring: UInt64) throws {
    if database != self.database {
      try snapshot.write(RDBWriter.selectDatabase(database))
      self.database = database
      if version >= 7, sizes[database] == nil, sizes.count < Self.sizedDatabaseLimit { try beginSize(of: database) }
    }
    try snapshot.write(records, followedBy: RawSpan())
    keyCount += keys
    recordByteCount += UInt64(records.byteCount)
    sizes[database]?.keys += keys
    sizes[database]?.expiring += expiring
  }

  /// The number of bytes of a size in RESIZEDB. Versions before 8 have no lengths of 64 bits.
  private var sizeByteCount: Int { version >= 8 ? 8 : 4 }

  /// Writes RESIZEDB with zeros.
  private func beginSize(of database: UInt64) throws {
    sizes[database] = Size(offset: snapshot.byteCount)
    let length = [version >= 8 ? 0x81 : 0x80] + [UInt8](repeating: 0, count: sizeByteCount)
    try snapshot.write([Opcode.resizeDB.rawValue] + length + length)
  }

  /// Writes the sizes of databases and the end of the snapshot.
  func finish(omitsChecksum: Bool) throws {
    for size in sizes.values {
      for (index, count) in [size.keys, size.expiring].enumerated() {
        let number = (0..<sizeByteCount).map { UInt8(truncatingIfNeeded: count >> (8 * (sizeByteCount - 1 - $0))) }
        let offset = size.offset + 2 + UInt64(index * (sizeByteCount + 1))
        snapshot.noteReplacement(of: offset, by: number)
        try file.replace(at: offset, with: number)
      }
    }
    var summary = SnapshotWritingSummary()
    summary.ledger.keysWritten = keyCount
    summary.omitsChecksum = omitsChecksum
    try snapshot.finish(summary)
  }
}
