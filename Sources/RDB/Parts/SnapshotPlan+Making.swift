import RDBFormat
import RDBSupport

extension SnapshotPlan {
  /// The result of making a plan.
  package struct Made {
    package var plan: SnapshotPlan
    /// The end of the snapshot, with its notes and losses.
    package var end: SnapshotEnd
  }

  /// Makes a plan for a snapshot, which is read once and verified. Values are stepped over.
  ///
  /// The parts have about the same size. A part is at most one record and a window of 512 KiB larger than its share.
  ///
  /// - Parameters:
  ///   - source: A source that can seek and begins with the header of a snapshot.
  ///   - partCount: The number of parts, up to ``partLimit``.
  ///   - options: Limits and exceptions for reading.
  ///   - start: Called with the progress of the reading before it begins.
  /// - Throws: ``RDBError``.
  package static func make(
    for source: any ByteSource, partCount: Int, options: RDBReader.Options, start: (ReadProgress) -> Void
  ) throws -> Made {
    let byteCount = source.totalByteCount ?? 0
    var options = options
    // A boundary is known at the end of each window: small files need small windows.
    let share = byteCount / UInt64(max(partCount, 1))
    options.windowByteCount = min(max(Int(clamping: share / 4), 64), options.windowByteCount)
    var maker = PlanMaker(source, partCount: partCount, share: max(share, 1), options: options)
    start(maker.progress)
    return try maker.make(byteCount)
  }
}

/// One reading of a snapshot, at whose record boundaries parts end.
private struct PlanMaker: ~Copyable {
  private var reader: RDBReader
  private var sink = PlanningSink()
  private let partCount: Int
  private let share: UInt64
  private var heads: [[UInt8]] = []
  private var parts: [SnapshotPlan.Part] = []
  /// The CRC-64 of all parts so far.
  private var checksum: UInt64 = 0
  /// The state at the beginning of the current part.
  private var (database, keyCount, head): (UInt64, UInt64, Int?) = (0, 0, nil)
  /// The size of the templates in the last head.
  private var templateByteCount: UInt64 = 0

  init(_ source: any ByteSource, partCount: Int, share: UInt64, options: RDBReader.Options) {
    reader = RDBReader(source, options: options)
    // The parts have checksums even if that of the whole is not compared.
    reader.window.computesChecksum = true
    (self.partCount, self.share) = (partCount, share)
  }

  var progress: ReadProgress { reader.progress }

  mutating func make(_ byteCount: UInt64) throws -> SnapshotPlan.Made {
    var start = reader.beginChecksum()
    while try !reader.readRecords(into: &sink, until: .betweenRecords) {
      guard parts.count + 1 < partCount, UInt64(reader.window.offset) >= share * UInt64(parts.count + 1),
        let next = try nextHead()
      else { continue }
      endPart(from: start)
      (database, keyCount, head) = (reader.parser.state.database, sink.keyCount, next)
      start = reader.beginChecksum()
    }
    endPart(from: start)
    let end = try reader.readEnd(after: checksum)
    if parts.count < partCount { try addEmptyParts() }
    let stored: UInt64? = if case .verified(let stored) = end.checksum { stored } else { nil }
    let plan = SnapshotPlan(
      byteCount: byteCount, header: reader.parser.state.header, checksum: stored, heads: heads, parts: parts)
    return SnapshotPlan.Made(plan: plan, end: end)
  }

  private mutating func endPart(from start: Int) {
    let part = reader.endChecksum(from: start)
    parts.append(
      SnapshotPlan.Part(
        start: UInt64(start), end: UInt64(reader.window.offset), database: database,
        keyCount: sink.keyCount - keyCount, checksum: part.value, head: head))
    checksum = part.appended(to: checksum)
  }

  private mutating func addEmptyParts() throws {
    // They have the fields of the snapshot too: its time, above all. The header alone always fits.
    var head = try nextHead()
    if head == nil {
      heads.append(try reader.parser.state.header.magic)
      head = heads.count - 1
    }
    let end = parts[parts.count - 1].end
    let part = SnapshotPlan.Part(start: end, end: end, database: 0, keyCount: 0, checksum: 0, head: head)
    while parts.count < partCount { parts.append(part) }
  }

  /// Returns the index of the head of a part that begins here; `nil` if the bytes before it leave too little room.
  private mutating func nextHead() throws -> Int? {
    let state = reader.parser.state
    if heads.isEmpty || state.templateByteCount != templateByteCount {
      heads.append(try sink.head(state.header, state.templates))
      templateByteCount = state.templateByteCount
    }
    let prefix = heads[heads.count - 1].count + RDBWriter.selectDatabase(state.database).count
    return prefix <= reader.window.offset ? heads.count - 1 : nil
  }
}

/// Counts keys, and keeps the AUX fields before the first one.
private struct PlanningSink: SelectiveSink {
  static var events: SinkEvents { [.aux] }

  var keyCount: UInt64 = 0
  private var fields: [UInt8] = []

  /// The most bytes of fields that a part repeats. Servers write a few hundred.
  private static let fieldLimit = 16 << 10

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    keyCount += 1
    return .skip
  }

  mutating func aux(_ field: borrowing AuxField) throws {
    guard keyCount == 0, fields.count + field.stored.byteCount <= Self.fieldLimit else { return }
    // Scripts belong to the first part alone, and hints of hash slots to the keys after them.
    if field.name.starts(with: "lua".utf8) || field.name.starts(with: "slot-info".utf8) { return }
    fields.append(field.stored)
  }

  /// Returns the beginning of a snapshot with the fields and the templates.
  func head(_ header: SnapshotHeader, _ templates: [UInt64: HashTemplate]) throws(RDBError) -> [UInt8] {
    let memory = MemoryDestination()
    var writer = RDBWriter(recordsOf: header, to: memory, compressor: nil, capacity: 4096)
    let magic = try header.magic
    try writer.output.append(magic.span.bytes)
    try writer.output.append(fields.span.bytes)
    for (id, template) in templates.sorted(by: { $0.key < $1.key }) { try writer.hashTemplate(id, template.fields) }
    try writer.flush()
    return memory.bytes
  }
}

extension RDBWriter {
  /// Writes a hash template of Redis 8.10.
  fileprivate mutating func hashTemplate(_ id: UInt64, _ fields: [[UInt8]]) throws(RDBError) {
    try output.append(Opcode.hashTemplateOrUpdate.rawValue)
    try writeLength(id)
    try writeLength(UInt64(fields.count))
    for field in fields { try writeString(field.span.bytes) }
  }
}
