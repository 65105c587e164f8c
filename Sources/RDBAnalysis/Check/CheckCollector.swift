import RDB
import RDBFormat
import Synchronization

/// What one worker has counted of the run it is at.
///
/// Kept by the collector, so that it is still there when an error has ended the worker and its sink.
final class CheckPart {
  let tally = KeyTally { _, _ in nil }
  var header: SnapshotCheck.Header?
  var end: SnapshotEnd?
  /// The record offset of the run's first key.
  var firstOffset: Int?
  let unique: UniqueLog?
  private(set) var warnings: [SnapshotCheck.Warning.Kind: WarningTally] = [:]
  private static let nameLimit = 4096

  struct WarningTally {
    var count: UInt64 = 0
    var keys = SmallestEntries<SnapshotCheck.KeyPlace>()
  }

  init(unique: UniqueLog?) { self.unique = unique }

  func note(_ kind: SnapshotCheck.Warning.Kind, _ key: borrowing KeyHeader) {
    let name = BinaryText(key.name.extracting(first: Self.nameLimit))
    let place = SnapshotCheck.KeyPlace(offset: key.offset, database: key.database, key: name)
    warnings[kind, default: WarningTally()].count += 1
    warnings[kind, default: WarningTally()].keys.add(place)
  }

  /// Adds what another part has counted, and empties that one.
  func take(_ other: CheckPart) {
    tally.take(other.tally)
    header = header ?? other.header
    end = end ?? other.end
    for (kind, more) in other.warnings {
      warnings[kind, default: WarningTally()].count += more.count
      warnings[kind, default: WarningTally()].keys.merge(more.keys)
    }
    other.warnings = [:]
    other.firstOffset = nil
  }
}

/// Adds up what the workers of a check have counted, run by run in file order.
///
/// So the counts up to a damage are those of all runs before its run, and of its run up to there:
/// the same for any number of workers.
final class CheckCollector {
  private let total = CheckPart(unique: nil)
  /// One a worker.
  private let parts: [CheckPart]
  private let given = Atomic<Int>(0)
  private let unique: UniqueFinder?

  init(threads: Int, findsDuplicates: Bool) throws(RDBError) {
    let workers = max(threads, 1)
    unique = findsDuplicates ? try UniqueFinder(workers: workers) : nil
    let logs = unique?.logs ?? []
    parts = (0..<workers).map { CheckPart(unique: findsDuplicates ? logs[$0] : nil) }
  }

  /// The next worker's.
  func takePart() -> CheckPart {
    parts[given.wrappingAdd(1, ordering: .relaxed).oldValue]
  }

  /// A run is complete, and all before it have been collected. One call at a time.
  func collect(_ part: CheckPart) { total.take(part) }

  /// All that is known at the end.
  func result(_ damage: RDBError?) throws(RDBError) -> SnapshotCheck {
    for part in parts {
      if let first = part.firstOffset, first <= damage?.offset ?? .max { total.take(part) }
    }
    total.tally.fold()
    let tally = total.tally
    var types: [String: SnapshotCheck.TypeCounts] = [:]
    for (type, counts) in tally.byType {
      types[type.rawValue] = SnapshotCheck.TypeCounts(
        keys: counts.keys, elements: tally.elements[type] ?? 0,
        storedByteCount: counts.storedByteCount)
    }
    let duplicates = damage == nil ? try unique?.find() : nil
    return SnapshotCheck(
      isOK: damage == nil && duplicates?.count ?? 0 == 0,
      header: total.header ?? parts.lazy.compactMap { $0.header }.first,
      keys: tally.totals.keys, elements: tally.elements.values.reduce(0, &+),
      storedByteCount: tally.totals.storedByteCount, types: types,
      damage: damage.map { SnapshotCheck.Damage($0) }, warnings: warnings(tally),
      checksum: total.end.map { ChecksumState($0.checksum) },
      tail: total.end.map { TailState($0.tail) }, byteCount: total.end?.byteCount,
      duplicates: duplicates)
  }

  private func warnings(_ tally: KeyTally) -> [SnapshotCheck.Warning] {
    SnapshotCheck.Warning.Kind.allCases.compactMap { kind in
      switch kind {
      case .negativeExpiry:
        guard let found = total.warnings[kind] else { return nil }
        return SnapshotCheck.Warning(
          kind: kind, count: found.count, message: "keys with an expiry before 1970",
          keys: found.keys.entries)
      case .wrongHint: return total.end == nil ? nil : hintWarning(tally)
      case .noChecksum: return checksumWarning()
      case .tail: return tailWarning()
      }
    }
  }

  private func hintWarning(_ tally: KeyTally) -> SnapshotCheck.Warning? {
    let wrong = tally.databases.entries.filter { $0.isHintWrong }
    guard !wrong.isEmpty else { return nil }
    let examples = wrong.prefix(3).map { info in
      "database \(info.database) announces \(info.hintedKeys ?? 0) keys, "
        + "\(info.hintedExpiring ?? 0) with expiry, and has \(info.keys) and \(info.expiring)"
    }
    return SnapshotCheck.Warning(
      kind: .wrongHint, count: UInt64(wrong.count), message: examples.joined(separator: "; "),
      keys: [])
  }

  private func checksumWarning() -> SnapshotCheck.Warning? {
    let message: String? =
      switch total.end?.checksum {
      case .absent: "a file of this version has no checksum"
      case .disabled: "the file was written without a checksum"
      case .ignored: "the checksum was not compared"
      case .verified, nil: nil
      }
    return message.map {
      SnapshotCheck.Warning(kind: .noChecksum, count: 1, message: $0, keys: [])
    }
  }

  private func tailWarning() -> SnapshotCheck.Warning? {
    let message: String? =
      switch total.end?.tail {
      case .appendOnlyCommands(let count):
        "\(count) bytes of append-only commands follow the snapshot and were not checked"
      case .replicationMark: "the end mark of a replication transfer follows the snapshot"
      case .nothing, nil: nil
      }
    return message.map { SnapshotCheck.Warning(kind: .tail, count: 1, message: $0, keys: []) }
  }
}
