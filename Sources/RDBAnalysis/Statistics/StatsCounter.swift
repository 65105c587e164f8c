import RDB
import RDBFormat

/// Counts keys for a ``StatsReport``. One a worker.
struct StatsCounter: ~Copyable {
  private var report: StatsReport
  private var cells = StatsCells()
  private var keyspaces = KeyspaceCounts()
  private let hashSlots = HashSlots()
  private let log: RepeatedValueLog?

  /// - Parameter log: Where every value is noted, to be counted exactly.
  init(_ reference: UnixMilliseconds, log: RepeatedValueLog?) {
    report = StatsReport(ReferenceTimes(reference))
    self.log = log
  }

  /// A hash of a key that decides whether it is in the sample.
  @inline(__always)
  private static func hash(_ name: RawSpan, _ database: UInt64) -> UInt64 {
    NameHash.hash(name, seed: database &+ 0x4B_4559)
  }

  @inline(__always)
  func wantsHash(_ name: RawSpan, _ database: UInt64) -> Bool {
    log != nil || report.values.level == 0 || report.values.isSampled(Self.hash(name, database))
  }

  @inline(__always)
  mutating func add(_ row: borrowing MemoryRow, _ life: Life) throws(RDBError) {
    cells.add(row, life)
    keyspaces.add(row, life)
    report.names.add(UInt64(row.name.byteCount))
    if let miss = row.nearMiss {
      report.nearMisses[NearMissTotals.number(row.type, miss.limit)].add(row, miss)
    }
    if let tag = HashSlots.tag(of: row.name) {
      report.slots.add(hashSlots.slot(ofHashed: tag), memory: row.memoryOrSerializedByteCount)
      report.taggedKeys &+= 1
      report.tags.add(
        keyHash: Self.hash(row.name, row.database), identity: NameHash.hash(tag, seed: 0x54_4147),
        byteCount: UInt64(tag.byteCount), example: tag)
    } else {
      report.slots.add(hashSlots.slot(ofHashed: row.name), memory: row.memoryOrSerializedByteCount)
    }
    if let value = row.valueHash {
      let keyHash = Self.hash(row.name, row.database)
      report.values.add(
        keyHash: keyHash, identity: value, byteCount: row.largestElementByteCount, example: row.name)
      try log?.add(value, row.largestElementByteCount, keyHash: keyHash, name: row.name)
    }
  }

  /// All keys were counted.
  consuming func finish() -> StatsReport {
    cells.finish()
    var report = report
    report.cells = cells.finished.entries
    for cell in report.cells { report.total.merge(cell.totals) }
    report.keyspaces = keyspaces.found
    report.sessionSample = keyspaces.sessions
    return report
  }
}
