import RDB
import RDBFormat

/// Salvages a damaged snapshot: writes a whole snapshot of the records that are certain, and reports what is lost.
///
/// An undamaged snapshot is read once with all threads, as a check, and copied. At damage, the reading starts again with
/// one thread (``SalvageReading``).
package struct Salvage {
  /// Limits and exceptions for reading.
  package var options: RDBReader.Options
  /// The number of threads that check the snapshot.
  package var threads: Int

  /// Creates a run.
  package init(options: RDBReader.Options = RDBReader.Options(), threads: Int = 1) {
    (self.options, self.threads) = (options, threads)
  }

  /// Reads a snapshot and writes what can be salvaged.
  ///
  /// - Parameters:
  ///   - source: A source that can seek.
  ///   - destination: The destination of the snapshot. Nothing is written before the input was checked once.
  ///   - onReader: Called with the progress of the check, which another thread may ask.
  /// - Returns: The report.
  /// - Throws: ``RDBError``: an error of the source or the destination, or no record was found at all.
  package func run(
    _ source: any ByteSource, to destination: any ByteDestination, onReader: (ReadProgress) -> Void = { _ in }
  ) throws -> SalvageReport {
    precondition(source.canSeek)
    let byteCount = source.totalByteCount ?? 0
    let bytes = SourceBytes(source, byteCount: byteCount)
    let fault: RDBError
    do {
      return try copy(source, bytes, to: destination, onReader)
    } catch let error as RDBError where Self.isDamage(error) {
      fault = error
    }
    let start = SalvageReading.headerOffset(try bytes.bytes(at: 0, count: 4096))
    if let checksum = try SplitChecksum(bytes, from: start, around: UInt64(max(fault.offset, 0))) {
      if let repair = try ChecksumRepair().find(in: bytes, checksum),
        let report = try copy(source, repairing: repair, to: destination, onReader)
      {
        return report
      }
      for repair in SpliceRepair(checksum).candidates() {
        if let report = try copy(source, repairing: repair, to: destination, onReader) { return report }
      }
    }
    var reading = try SalvageReading(source, bytes, options: options, to: destination)
    return try reading.run(isSumWrong: fault.code == .checksumMismatch)
  }

  /// Copies a snapshot with a few bytes as they were before the damage.
  ///
  /// - Returns: `nil`, and nothing is written, if the result is damaged: the checksum fits by chance, or the snapshot was
  ///   damaged before it was computed.
  private func copy(
    _ source: any ByteSource, repairing repair: RepairedBytes, to destination: any ByteDestination,
    _ onReader: (ReadProgress) -> Void
  ) throws -> SalvageReport? {
    let repaired = RepairedSource(source, repair)
    do {
      let bytes = SourceBytes(repaired, byteCount: repaired.totalByteCount ?? 0)
      var report = try copy(repaired, bytes, to: destination, onReader)
      guard report.checksum == .verified else { return nil }
      report.inputByteCount = source.totalByteCount ?? 0
      report.repair = repair
      return report
    } catch let error as RDBError where Self.isDamage(error) {
      return nil
    }
  }

  /// Whether an error is about the input's bytes.
  private static func isDamage(_ error: RDBError) -> Bool {
    ![.io, .outputClosed, .sink, .refused].contains(error.code)
  }

  /// Checks a snapshot, and copies it if it is whole.
  ///
  /// - Throws: ``RDBError``: its damage. Nothing is written then.
  private func copy(
    _ source: any ByteSource, _ bytes: SourceBytes, to destination: any ByteDestination,
    _ onReader: (ReadProgress) -> Void
  ) throws -> SalvageReport {
    var reader = RDBReader(AheadSource(source, from: 0), options: options)
    onReader(reader.progress)
    let (keys, end) = try reader.fold(threads: threads) { CheckingSink() }
    guard let end, let header = keys.header else { throw RDBError.stop }
    let isVerified = if case .verified = end.checksum { true } else { false }
    if keys.zeroKeyCount > 1, !isVerified {
      throw RDBError(.corruptOpcode, at: 0, expected: "different names", found: "zeros")
    }
    let start = end.endOffset - end.byteCount
    try bytes.forEachPiece(of: start..<end.endOffset) { try destination.write($0) }
    var report = SalvageReport(header: header, inputByteCount: bytes.byteCount)
    report.keyCount = keys.keyCount
    report.outputByteCount = end.byteCount
    report.trailingByteCount = bytes.byteCount - end.endOffset
    report.checksum = isVerified ? .verified : .absent
    return report
  }
}

/// Checks every value, and counts keys.
private struct CheckingSink: SelectiveSink, FoldingSink {
  struct Summary: MergeableSummary {
    var keyCount: UInt64 = 0
    /// The number of keys without a name and a value, as zeros in place of records look.
    var zeroKeyCount: UInt64 = 0
    var header: SnapshotHeader?

    mutating func merge(_ other: Summary) {
      keyCount += other.keyCount
      zeroKeyCount += other.zeroKeyCount
      header = header ?? other.header
    }
  }

  static var events: SinkEvents { [.beginKey, .endKey, .beginSnapshot] }
  private var summary = Summary()
  private var isNameless = false

  mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) { summary.header = header }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    summary.keyCount += 1
    isNameless = key.name.byteCount == 0
    return .validate
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    if isNameless, end.storedByteCount == 1 { summary.zeroKeyCount += 1 }
  }

  consuming func finish() throws(RDBError) -> Summary { summary }
}
