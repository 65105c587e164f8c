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
  /// Each part but the first begins with a key. The parts have about the same size, unless single keys are larger.
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
    var maker = PlanMaker(source, partCount: max(partCount, 1), options: options)
    start(maker.progress)
    return try maker.make()
  }
}

/// Reads a snapshot once. A part ends before the first key that begins after the part's share of the bytes.
private struct PlanMaker: ~Copyable {
  private var reader: RDBReader
  private var sink: PlanningSink
  private let byteCount: UInt64
  private let partCount: Int
  private var heads: [[UInt8]] = []
  private var parts: [SnapshotPlan.Part] = []
  /// The CRC-64 of all parts so far.
  private var checksum: UInt64 = 0
  /// The beginning of the current part.
  private var (start, database, keyCount, head): (Int, UInt64, UInt64, Int?) = (0, 0, 0, nil)
  /// The size of the templates in the last head.
  private var templateByteCount: UInt64 = 0

  init(_ source: any ByteSource, partCount: Int, options: RDBReader.Options) {
    byteCount = source.totalByteCount ?? 0
    self.partCount = partCount
    sink = PlanningSink(byteCount: byteCount, partCount: partCount)
    reader = RDBReader(source, options: options)
    // The parts have checksums even if that of the whole is not compared.
    reader.window.computesChecksum = true
  }

  var progress: ReadProgress { reader.progress }

  mutating func make() throws -> SnapshotPlan.Made {
    start = reader.beginChecksum()
    try readRecords()
    endPart()
    let end = try reader.readEnd(after: checksum)
    if parts.count < partCount { try addEmptyParts() }
    let stored: UInt64? = if case .verified(let stored) = end.checksum { stored } else { nil }
    let plan = SnapshotPlan(
      byteCount: byteCount, header: reader.parser.state.header, checksum: stored, heads: heads, parts: parts)
    return SnapshotPlan.Made(plan: plan, end: end)
  }

  /// Reads up to and including the EOF opcode, and ends parts where the sink wants to.
  private mutating func readRecords() throws {
    var isFinal = reader.window.reachedEnd
    while true {
      var consumed = 0
      let want: RDBParser.Want
      do throws(RDBError) {
        want = try reader.parser.parse(reader.window, isFinal: isFinal, into: &sink, consumed: &consumed)
      } catch {
        reader.window.consume(consumed)
        throw error
      }
      consumed -= try endParts(within: consumed)
      reader.window.consume(consumed)
      reader.progress.update(reader.window.offset)
      switch want {
      case .end: return
      case .lookahead:
        let found = try reader.lookAhead()
        try reader.parser.supply(found, to: &sink)
      case .input(let missing):
        isFinal = try !reader.window.fill(
          from: reader.source, missing: reader.parser.isSteppingOver ? 1 : max(missing, 1))
      }
    }
  }

  /// Ends a part before each key that the sink has chosen, all of which begin in the next `byteCount` bytes.
  ///
  /// - Returns: The number of bytes that were consumed.
  private mutating func endParts(within byteCount: Int) throws -> Int {
    var consumed = 0
    for cut in sink.takeCuts() {
      let length = cut.offset - reader.window.offset
      guard length >= 0, consumed + length <= byteCount, let next = try nextHead(database: cut.database, at: cut.offset)
      else { continue }
      reader.window.consume(length)
      consumed += length
      endPart(keyCount: cut.keyCount)
      (database, keyCount, head) = (cut.database, cut.keyCount, next)
      start = reader.beginChecksum()
    }
    return consumed
  }

  /// Ends the current part at the first byte that is not consumed.
  ///
  /// - Parameter keyCount: The number of keys before that byte; `nil`: of all keys.
  private mutating func endPart(keyCount end: UInt64? = nil) {
    let part = reader.endChecksum(from: start)
    parts.append(
      SnapshotPlan.Part(
        start: UInt64(start), end: UInt64(reader.window.offset), database: database,
        keyCount: (end ?? sink.keyCount) - keyCount, checksum: part.value, head: head))
    checksum = part.appended(to: checksum)
  }

  private mutating func addEmptyParts() throws {
    // They have the fields of the snapshot too: its time, above all. The header alone always fits.
    var head = try nextHead(database: 0, at: reader.window.offset)
    if head == nil {
      heads.append(try reader.parser.state.header.magic)
      head = heads.count - 1
    }
    let end = parts[parts.count - 1].end
    let part = SnapshotPlan.Part(start: end, end: end, database: 0, keyCount: 0, checksum: 0, head: head)
    while parts.count < partCount { parts.append(part) }
  }

  /// Returns the index of the head of a part that begins at `offset`; `nil` if the bytes before it leave too little room.
  private mutating func nextHead(database: UInt64, at offset: Int) throws -> Int? {
    let state = reader.parser.state
    if heads.isEmpty || state.templateByteCount != templateByteCount {
      heads.append(try sink.head(state.header, state.templates))
      templateByteCount = state.templateByteCount
    }
    let prefix = heads[heads.count - 1].count + RDBWriter.selectDatabase(database).count
    return prefix <= offset ? heads.count - 1 : nil
  }
}

/// Counts keys, chooses those with which parts begin, and keeps the AUX fields before the first one.
private struct PlanningSink: SelectiveSink {
  static var events: SinkEvents { [.aux] }

  /// A key with which a part begins.
  struct Cut {
    /// The file offset of the key's record.
    var offset: Int
    var database: UInt64
    /// The number of keys before it.
    var keyCount: UInt64
  }

  private let byteCount: UInt64
  /// The number of parts that begin at or after the current one.
  private var partsLeft: UInt64
  /// The first key at or after this offset begins a part.
  private var nextOffset: UInt64 = .max
  private(set) var keyCount: UInt64 = 0
  private var cuts: [Cut] = []
  private var fields: [UInt8] = []

  init(byteCount: UInt64, partCount: Int) {
    (self.byteCount, partsLeft) = (byteCount, UInt64(partCount))
    chooseNext(after: 0)
  }

  /// Divides the bytes after `offset` evenly among the parts that are left.
  private mutating func chooseNext(after offset: UInt64) {
    nextOffset = partsLeft > 1 ? offset + (byteCount - min(offset, byteCount)) / partsLeft : .max
  }

  /// The most bytes of fields that a part repeats. Servers write a few hundred.
  private static let fieldLimit = 16 << 10

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    if key.offset >= nextOffset, keyCount > 0 {
      cuts.append(Cut(offset: key.offset, database: key.database, keyCount: keyCount))
      partsLeft -= 1
      chooseNext(after: UInt64(key.offset))
    }
    keyCount += 1
    return .skip
  }

  mutating func takeCuts() -> [Cut] {
    if cuts.isEmpty { return [] }
    defer { cuts = [] }
    return cuts
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
