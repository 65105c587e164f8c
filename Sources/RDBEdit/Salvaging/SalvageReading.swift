import RDB
import RDBFormat

/// The reading of a damaged snapshot: from record to record up to a fault, and on from the next record that is certain.
struct SalvageReading: ~Copyable {
  private let bytes: SourceBytes
  private var scanner: RecordScanner
  private var search: RecordSearch
  private let output: SalvageOutput
  private let end: SnapshotEndTest
  private let evidence: Evidence
  private var report: SalvageReport
  /// The offset of the snapshot's first byte.
  private let start: UInt64
  /// Whether the header is whole.
  private let hasHeader: Bool
  private var expiringCount: UInt64 = 0
  private var largestFieldCount: UInt64 = 0

  /// The offset at which reading failed.
  private struct Fault {
    /// The offset of the record's first byte.
    var start: UInt64
    /// The key, if its name was read.
    var key: ScannedRecord?
    var error: RDBError
    /// Whether the EOF opcode was read where no end can be.
    var isFalseEnd = false
  }

  init(
    _ source: any ByteSource, _ bytes: SourceBytes, options: RDBReader.Options, to destination: any ByteDestination
  ) throws {
    let first = try bytes.bytes(at: 0, count: 4096)
    let start = Self.headerOffset(first)
    let known = SnapshotHeader(Array(first.dropFirst(Int(start)).prefix(9)))
    let header = known ?? SnapshotHeader.recovered(from: first)
    output = try SalvageOutput(bytes, header, to: destination)
    (self.bytes, self.start, hasHeader) = (bytes, start, known != nil)
    scanner = RecordScanner(source, options: options)
    search = RecordSearch(source, bytes, header, options: options)
    evidence = Evidence(bytes: bytes)
    end = SnapshotEndTest(bytes: bytes, header: header)
    report = SalvageReport(header: header, inputByteCount: bytes.byteCount)
  }

  /// The offset of the snapshot in its input: after the lines that a server sends to a replica, if there are any.
  static func headerOffset(_ first: [UInt8]) -> UInt64 {
    guard let byte = first.first, [UInt8(ascii: "+"), UInt8(ascii: "$"), 10, 13].contains(byte) else { return 0 }
    let index = first.indices.first { index in SnapshotHeader(Array(first[index...].prefix(9))) != nil }
    return UInt64(index ?? 0)
  }

  /// Reads the whole input.
  ///
  /// - Parameter isSumWrong: Whether the checksum is known to differ from that of the input.
  mutating func run(isSumWrong: Bool) throws -> SalvageReport {
    var context = RecordContext(header: report.header)
    var position = start + 9
    if !hasHeader {
      guard let found = try resumeWithoutHeader(context) else { throw noSnapshot() }
      (position, context) = (found.start, found.context)
    }
    var isFirst = true
    while let next = try readRun(from: position, context, isFirst: isFirst) {
      (position, context) = (next.start, next.context)
      isFirst = false
    }
    if report.keyCount == 0, !hasHeader { throw noSnapshot() }
    if isSumWrong, report.lossCount == 0 { report.checksum = .mismatch }
    report.outputByteCount = try output.finish()
    return report
  }

  private func noSnapshot() -> RDBError {
    RDBError(.notRDB, at: 0, expected: "a snapshot, or records of one", found: "none")
  }

  private mutating func resumeWithoutHeader(_ context: RecordContext) throws(RDBError) -> Resumption? {
    guard let found = try search.search(from: start, past: start, context) else { return nil }
    let error = RDBError(.notRDB, at: Int(clamping: start), expected: "\"REDIS\" or \"VALKEY\"", found: "damage")
    report.add(
      SalvageReport.Loss(
        start: start, end: found.start, error: error, confidence: .high, database: found.context.database,
        mayLackDatabase: false))
    return found
  }

  /// Reads records up to the end or to a fault, and writes those that are certain.
  ///
  /// - Returns: Where to continue; `nil`: the input has ended.
  private mutating func readRun(from position: UInt64, _ context: RecordContext, isFirst: Bool) throws -> Resumption? {
    var log = RecordLog(from: position, context, keeping: 16, inputByteCount: bytes.byteCount)
    scanner.move(to: position, context)
    var fault: Fault
    do throws(RDBError) {
      try scanner.read(into: &log)
      let eof = scanner.offset - 1
      fault = Fault(start: eof, error: Self.falseEnd(at: eof), isFalseEnd: true)
    } catch {
      if error.code == .io || error.code == .outputClosed { throw error }
      fault = Fault(start: log.open?.start ?? log.moduleAuxStart ?? scanner.offset, key: log.open, error: error)
    }
    if fault.isFalseEnd, try end.isEnd(eof: fault.start) {
      try write(position..<fault.start, from: context.database, to: scanner.context.database, log, dropping: 0)
      report.trailingByteCount =
        bytes.byteCount - min(bytes.byteCount, fault.start + 1 + end.trailerByteCount)
      return nil
    }
    return try handle(&fault, log, from: position, context, isFirst: isFirst)
  }

  private static func falseEnd(at offset: UInt64) -> RDBError {
    RDBError(
      .corruptOpcode, at: Int(clamping: offset), expected: "a record",
      found: "the end of the snapshot (opcode 255) inside the file")
  }

  /// Writes the certain records before a fault, and finds those after it.
  private mutating func handle(
    _ fault: inout Fault, _ log: borrowing RecordLog, from position: UInt64, _ context: RecordContext, isFirst: Bool
  ) throws -> Resumption? {
    var atFault = scanner.context
    var resumption: Resumption?
    if let key = fault.key { resumption = try search.end(of: key, atFault) }
    var loss = fault.start..<fault.start
    var dropped: [ScannedRecord] = []
    var droppedKeyCount: UInt64 = 0
    if let key = fault.key?.key, resumption != nil, Evidence.bits(ofHeadOf: key) >= Evidence.confirming - 3 {
      // The lengths of the damaged record fit: the record before it is whole.
    } else {
      if fault.isFalseEnd, !isFirst {
        // The end of a snapshot that is stored inside a value: its records are not keys of this one.
        (loss, droppedKeyCount, atFault) = (position..<fault.start, log.keyCount, context)
      } else {
        let doubtful = try doubtful(log, fault, from: position)
        dropped = doubtful.records
        droppedKeyCount = doubtful.keyCount ?? UInt64(dropped.count { $0.key != nil })
        loss = doubtful.start..<fault.start
        if !loss.isEmpty {
          // Templates precede all keys.
          let database = doubtful.database ?? context.database
          if droppedKeyCount == log.keyCount { atFault = context }
          atFault.database = database
        }
      }
    }
    try write(
      position..<loss.lowerBound, from: context.database, to: atFault.database, log, dropping: droppedKeyCount)
    if resumption == nil {
      let first = isFirst || !fault.isFalseEnd ? loss.lowerBound : fault.start
      largestFieldCount = max(largestFieldCount, log.largestFieldCount)
      let isInHash = fault.key?.key?.hasLookalikes ?? false || dropped.contains { $0.key?.hasLookalikes ?? false }
      resumption = try search.search(
        from: first + 1, past: fault.start, atFault, lookalikes: isInHash ? .max : largestFieldCount)
    }
    report.add(
      SalvageReport.Loss(
        start: loss.lowerBound, end: resumption?.start ?? bytes.byteCount, error: fault.error,
        key: fault.key?.key?.name, doubtfulKeys: dropped.reversed().compactMap { $0.key?.name },
        neighbours: SalvageReport.Neighbours(
          previous: log.records.last { $0.key != nil && $0.end <= loss.lowerBound }?.key?.name),
        confidence: resumption.map { $0.isCertain ? .certain : .high },
        database: resumption?.context.database ?? atFault.database,
        mayLackDatabase: resumption.map { !$0.isCertain } ?? false))
    return resumption
  }

  /// The records before a fault that may be damaged, the last one first.
  ///
  /// Damage can change a record so that it only seems whole: it ends too early or too late, and the fault is seen after it.
  /// A record is believed if its value proves its end, or if what follows up to the fault shows that a record begins there.
  private func doubtful(_ log: borrowing RecordLog, _ fault: Fault, from position: UInt64) throws(RDBError)
    -> (records: [ScannedRecord], start: UInt64, database: UInt64?, keyCount: UInt64?)
  {
    var bits = try bitsOfFault(fault, near: log.records.last?.key?.name)
    var dropped: [ScannedRecord] = []
    var start = fault.start
    var database: UInt64?
    if bits < Evidence.confirming, log.end < fault.start {
      // Opcodes. SELECTDB with RESIZEDB after it is believed.
      var isHead = false
      if let last = log.records.last, last.key == nil { isHead = try isDatabaseHead(at: log.end) }
      if !isHead {
        start = log.end
        database = log.records.last { $0.key != nil }?.database
      }
    }
    if fault.key == nil, let run = log.lookalikeRun, run.stringCount <= run.hash.key?.elementCount ?? 0 {
      // A hash that ends too early: its last fields were read as strings, up to one that expires.
      return (
        log.records.filter { $0.start >= run.hash.start }.reversed(), run.hash.start, run.hash.database,
        run.stringCount + 1
      )
    }
    if start < fault.start || log.end == fault.start {
      for (index, record) in log.records.enumerated().reversed() {
        guard record.key != nil else {
          if try isDatabaseHead(at: record.start) { break }
          continue
        }
        if bits >= Evidence.confirming || Evidence.provesItsEnd(record) { break }
        dropped.append(record)
        (start, database) = (record.start, record.database)
        let previous = index > 0 ? log.records[index - 1].key?.name : nil
        bits += try evidence.bits(of: record, near: previous)
      }
    }
    return (dropped, start, database, nil)
  }

  /// Whether SELECTDB with a small number, and RESIZEDB right after it, are at `offset`.
  private func isDatabaseHead(at offset: UInt64) throws(RDBError) -> Bool {
    let head = try bytes.bytes(at: offset, count: 3)
    return head.count == 3 && head[0] == Opcode.selectDB.rawValue && head[1] < 0x40
      && head[2] == Opcode.resizeDB.rawValue
  }

  /// The evidence that a record begins at a fault.
  private func bitsOfFault(_ fault: Fault, near previous: [UInt8]?) throws(RDBError) -> Int {
    if try isCut(fault) { return Evidence.strong }
    guard let key = fault.key?.key else { return 0 }
    return Evidence.bits(ofHeadOf: key, near: previous)
  }

  /// Whether the input simply ends inside the record.
  private func isCut(_ fault: Fault) throws(RDBError) -> Bool {
    guard fault.error.code == .truncated, bytes.byteCount > 9 else { return false }
    return try bytes.byte(at: bytes.byteCount - 1 - end.trailerByteCount) != Opcode.eof.rawValue
  }

  private mutating func write(
    _ range: Range<UInt64>, from database: UInt64, to endDatabase: UInt64, _ log: borrowing RecordLog, dropping: UInt64
  ) throws {
    try output.copy(range, from: database, to: endDatabase)
    report.follow(with: log.firstNames.prefix(Int(clamping: log.keyCount - dropping)))
    report.keyCount += log.keyCount - dropping
    expiringCount += log.expiringCount
    search.expiringPercentage = expiringCount * 100 / max(report.keyCount, 1)
  }
}

/// The output of salvaging: ranges of the input, in one snapshot.
final class SalvageOutput {
  private var writer: RDBWriter?
  private let bytes: SourceBytes
  /// The number of the output's current database.
  private var database: UInt64 = 0

  init(_ bytes: SourceBytes, _ header: SnapshotHeader, to destination: any ByteDestination) throws {
    self.bytes = bytes
    writer = try RDBWriter(to: destination, header: header)
  }

  /// Copies records.
  ///
  /// - Parameters:
  ///   - range: The range of the records in the input.
  ///   - first: The number of the database before them.
  ///   - last: The number of the database after them.
  func copy(_ range: Range<UInt64>, from first: UInt64, to last: UInt64) throws {
    if range.isEmpty { return }
    if first != database { try writer?.selectDatabase(first) }
    try bytes.forEachPiece(of: range) { try writer?.copy($0) }
    database = last
  }

  /// Writes the end.
  ///
  /// - Returns: The number of bytes of the snapshot.
  func finish() throws -> UInt64 { try writer.take()?.finish().byteCount ?? 0 }
}
