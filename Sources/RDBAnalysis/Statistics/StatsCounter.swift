import RDB
import RDBFormat
import RDBSupport

/// Counts keys for a ``StatsReport``. There is one counter per worker.
struct StatsCounter: ~Copyable {
  private var report: StatsReport
  private var cells = StatsCellCollector()
  private var keyspaces = KeyspaceCounter()
  private let hashSlots = HashSlots()
  private var log: RepeatedValueLog?
  private let hasLog: Bool

  /// - Parameter log: The log of all values; `nil` if repeated values are estimated.
  init(_ reference: UnixMilliseconds, log: consuming RepeatedValueLog?) {
    report = StatsReport(ReferenceTimes(reference))
    hasLog = log != nil
    self.log = log
  }

  /// Returns the hash that decides whether a key is in the sample.
  @inline(__always)
  private static func hash(_ name: RawSpan, _ database: UInt64) -> UInt64 {
    StableHash.hash(name, seed: database &+ 0x4B_4559)
  }

  @inline(__always)
  mutating func wantsHash(_ name: RawSpan, _ database: UInt64) -> Bool {
    hasLog || report.values.level == 0 || report.values.isSampled(Self.hash(name, database))
  }

  @inline(__always)
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange) throws(RDBError) {
    cells.add(key, range)
    keyspaces.add(key, range)
    report.names.add(UInt64(key.name.byteCount))
    if let idle = key.idleSeconds {
      report.idleTimes.add(ExpiryRange(idleSeconds: idle), memory: key.memoryOrSerializedByteCount)
    }
    if let miss = key.nearMiss {
      report.nearMisses[NearMissSummary.number(key.type, miss.limit)].add(key, miss)
    }
    if let tag = HashSlots.tag(of: key.name) {
      report.slots.add(hashSlots.slot(ofHashed: tag), memory: key.memoryOrSerializedByteCount)
      report.taggedKeys &+= 1
      report.tags.add(
        keyHash: Self.hash(key.name, key.database), identity: StableHash.hash(tag, seed: 0x54_4147),
        byteCount: UInt64(tag.byteCount), example: tag)
    } else {
      report.slots.add(hashSlots.slot(ofHashed: key.name), memory: key.memoryOrSerializedByteCount)
    }
    if let value = key.valueHash {
      let keyHash = Self.hash(key.name, key.database)
      report.values.add(
        keyHash: keyHash, identity: value, byteCount: key.largestElementByteCount, example: key.name)
      do throws(SystemError) {
        try log?.add(value, byteCount: key.largestElementByteCount, keyHash: keyHash, name: key.name)
      } catch {
        throw RDBError(error)
      }
    }
  }

  /// Returns the report, and the log of all values if there is one.
  consuming func finish() throws(RDBError) -> (report: StatsReport, log: CompleteRepeatedValueLog?) {
    cells.finish()
    var report = report
    report.cells = cells.finished.entries
    for cell in report.cells { report.total.merge(cell.summary) }
    report.keyspaces = keyspaces.found
    report.sessionSample = keyspaces.sessions
    do throws(SystemError) {
      guard let log = consume log else { return (report, nil) }
      return (report, try log.finish())
    } catch {
      throw RDBError(error)
    }
  }
}
