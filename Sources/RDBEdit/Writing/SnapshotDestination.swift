public import RDB
import RDBFormat

/// The destination of a snapshot that is written by one or more sinks: it adds the header before their records, and the
/// end with the checksum after them.
///
///     let options = SnapshotWritingOptions(target: ServerVersion(.redis, 7, 2))
///     let snapshot = try SnapshotDestination(options, to: try FileDestination(path: "dump-7.2.rdb"))
///     let result = try reader.write(to: snapshot, threads: 2) { SnapshotWritingSink(options, to: $0) }
///     try snapshot.finish(result.summary)
///
/// Several inputs become one snapshot if each is read into sinks for the same destination.
public final class SnapshotDestination: ByteDestination {
  private let options: SnapshotWritingOptions
  private let destination: ChecksumDestination
  private var header: [UInt8]
  /// The number of bytes so far.
  package private(set) var byteCount: UInt64 = 0
  /// The CRC-64 of bytes that replace zeros, each with the offset after them.
  private var replacements: [(checksum: UInt64, endOffset: UInt64)] = []

  /// Creates a destination.
  ///
  /// - Parameters:
  ///   - options: The options of all sinks that write to it.
  ///   - destination: The destination of the snapshot.
  /// - Throws: `RDBError` (`notRepresentable`) for a version that no release writes.
  public init(_ options: SnapshotWritingOptions, to destination: any ByteDestination) throws {
    self.options = options
    self.destination = ChecksumDestination(destination)
    header = try options.header.magic
  }

  /// Writes records.
  public func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    try writeHeader()
    byteCount += UInt64(bytes.byteCount + more.byteCount)
    try destination.write(bytes, followedBy: more)
  }

  private func writeHeader() throws {
    if header.isEmpty { return }
    byteCount += UInt64(header.count)
    try destination.write(header)
    header = []
  }

  /// Notes that bytes replace zeros that were written. The caller replaces them in the file.
  ///
  /// - Parameter offset: The offset of the zeros, in bytes.
  func noteReplacement(of offset: UInt64, by bytes: [UInt8]) {
    var checksum = CRC64()
    checksum.update(bytes.span.bytes)
    replacements.append((checksum.value, offset + UInt64(bytes.count)))
  }

  /// The CRC-64 of all bytes. A replacement of zeros changes it as if the bytes came alone, with zeros after them.
  private var checksum: UInt64 {
    replacements.reduce(destination.crc.value) { checksum, bytes in
      checksum ^ CRC64.combine(bytes.checksum, 0, secondByteCount: byteCount - bytes.endOffset)
    }
  }

  /// Writes the end of the snapshot. All sinks must have ended.
  ///
  /// - Parameter summary: The merged summary of all sinks.
  /// - Returns: The size, the number of keys and the checksum of the snapshot.
  /// - Throws: `RDBError` (`refused`) if keys of two databases went into the same one: names could then occur twice.
  @discardableResult
  public func finish(_ summary: SnapshotWritingSummary) throws -> RDBWriter.Summary {
    try summary.checkDatabases()
    try writeHeader()
    try write([Opcode.eof.rawValue])
    let version = options.header.version
    let isStored = version >= 5 && options.storesChecksum && !summary.omitsChecksum
    let checksum = isStored ? self.checksum : nil
    if version >= 5 {
      try write((0..<8).map { UInt8(truncatingIfNeeded: (checksum ?? 0) >> (8 * $0)) })
    }
    return RDBWriter.Summary(byteCount: byteCount, keyCount: summary.ledger.keysWritten, checksum: checksum)
  }
}

/// The summary of a ``SnapshotWritingSink``.
public struct SnapshotWritingSummary: MergeableSummary {
  /// The keys read and written, and the losses and notes.
  public var ledger = Ledger()
  /// Whether the snapshot that was copied has no checksum.
  var omitsChecksum = false
  /// The databases of the input whose keys went into each database of the output.
  var sources: [UInt64: Set<UInt64>] = [:]

  init() {}

  /// Adds the summary of another worker, or of another input of the same snapshot.
  public mutating func merge(_ other: Self) {
    ledger.merge(other.ledger)
    omitsChecksum = omitsChecksum || other.omitsChecksum
    sources.merge(other.sources) { $0.union($1) }
  }

  /// Throws an error if keys of two databases went into the same one.
  func checkDatabases() throws(RDBError) {
    for (target, sources) in sources.sorted(by: { $0.key < $1.key }) where sources.count > 1 {
      let names = sources.sorted().map(String.init).joined(separator: " and ")
      throw RDBError(
        .refused, at: 0, expected: "keys of one database only in each database of the output (`databaseMap`)",
        found: "keys of databases \(names) in \(target)")
    }
  }
}
