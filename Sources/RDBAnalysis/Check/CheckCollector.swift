import RDB
import RDBFormat
import RDBSupport

/// The counts of one worker in its current batch.
///
/// The collector owns the object, so that the counts outlive a sink that throws.
final class WorkerCheck {
  let counter = KeyCounter { _, _ in nil }
  var header: SnapshotCheck.Header?
  var end: SnapshotEnd?
  /// The offset of the first key's record in the batch.
  var firstOffset: Int?
  var duplicates: DuplicateLog?
  private(set) var warnings: [SnapshotCheck.Warning.Kind: WarningSummary] = [:]
  private(set) var findings: [FindingKind: SnapshotCheck.FindingCounts] = [:]
  private static let nameLimit = 4096

  struct WarningSummary {
    var count: UInt64 = 0
    var keys = SmallestEntries<SnapshotCheck.LocatedKey>()
  }

  init(duplicates: consuming DuplicateLog?) { self.duplicates = duplicates }

  func note(_ kind: SnapshotCheck.Warning.Kind, _ key: borrowing KeyHeader) {
    let name = BinaryText(key.name.extracting(first: Self.nameLimit))
    let index = SnapshotCheck.LocatedKey(offset: key.offset, database: key.database, key: name)
    warnings[kind, default: WarningSummary()].count += 1
    warnings[kind, default: WarningSummary()].keys.add(index)
  }

  func note(_ finding: borrowing Finding) {
    findings[finding.kind, default: SnapshotCheck.FindingCounts()].add(finding)
  }

  /// Moves the counts of another object into this one.
  func take(_ other: WorkerCheck) {
    counter.take(other.counter)
    header = header ?? other.header
    end = end ?? other.end
    for (kind, more) in other.warnings {
      warnings[kind, default: WarningSummary()].count += more.count
      warnings[kind, default: WarningSummary()].keys.merge(more.keys)
    }
    other.warnings = [:]
    for (kind, more) in other.findings {
      findings[kind, default: SnapshotCheck.FindingCounts()].merge(more)
    }
    other.findings = [:]
    other.firstOffset = nil
  }
}

/// Adds up the counts of the workers of a check, one batch after another in file order.
///
/// For a damaged file, the result has the counts of all batches before the damaged batch, and of this batch up to the
/// damage. They do not depend on the number of workers.
final class CheckCollector {
  private let total = WorkerCheck(duplicates: nil)
  /// One object per worker.
  private let parts: [WorkerCheck]
  /// The number of workers that have received their object.
  private var given = 0
  private let findsDuplicates: Bool

  init(threads: Int, findsDuplicates: Bool) throws(RDBError) {
    let workers = max(threads, 1)
    let hasher = SeededHash()
    self.findsDuplicates = findsDuplicates
    parts = try convertingSystemErrors { () throws(SystemError) in
      try (0..<workers).map { _ throws(SystemError) in
        WorkerCheck(
          duplicates: findsDuplicates
            ? try DuplicateLog(hasher: hasher, memoryByteCount: DuplicateSearch.memoryByteCount / workers) : nil)
      }
    }
  }

  /// Returns the object of the next worker. Called by one thread.
  func takePart() -> WorkerCheck {
    defer { given += 1 }
    return parts[given]
  }

  /// Adds the counts of a complete batch. Called in file order, one call at a time.
  func collect(_ part: WorkerCheck) { total.take(part) }

  /// Returns the result of the check.
  func result(_ damage: RDBError?) throws(RDBError) -> SnapshotCheck {
    for part in parts {
      if let first = part.firstOffset, first <= damage?.offset ?? .max { total.take(part) }
    }
    total.counter.fold()
    let counter = total.counter
    var types: [String: SnapshotCheck.TypeCounts] = [:]
    for (type, counts) in counter.byType {
      types[type.rawValue] = SnapshotCheck.TypeCounts(
        keys: counts.keys, elements: counter.elements[type] ?? 0,
        storedByteCount: counts.storedByteCount)
    }
    let duplicates = damage == nil && findsDuplicates ? try findDuplicates() : nil
    return SnapshotCheck(
      isOK: damage == nil && duplicates?.count ?? 0 == 0,
      header: total.header ?? parts.lazy.compactMap { $0.header }.first,
      keys: counter.total.keys, elements: counter.elements.values.reduce(0, &+),
      storedByteCount: counter.total.storedByteCount, types: types,
      damage: damage.map { SnapshotCheck.Damage($0) },
      findings: FindingKind.allCases.compactMap { kind in
        total.findings[kind].map { SnapshotCheck.FindingList(kind, $0) }
      },
      warnings: warnings(counter),
      checksum: total.end.map { ChecksumState($0.checksum) },
      tail: total.end.map { TailState($0) }, byteCount: total.end?.byteCount,
      duplicates: duplicates)
  }

  private func findDuplicates() throws(RDBError) -> Duplicates {
    try convertingSystemErrors { () throws(SystemError) in
      var logs: [CompleteDuplicateLog] = []
      for part in parts {
        if let log = part.duplicates.take() { logs.append(try log.finish()) }
      }
      return try DuplicateSearch(logs).find()
    }
  }

  private func warnings(_ counter: KeyCounter) -> [SnapshotCheck.Warning] {
    SnapshotCheck.Warning.Kind.allCases.compactMap { kind in
      switch kind {
      case .negativeExpiry:
        guard let found = total.warnings[kind] else { return nil }
        return SnapshotCheck.Warning(
          kind: kind, count: found.count, message: "keys with an expiry before 1970",
          keys: found.keys.entries)
      case .wrongHint: return total.end == nil ? nil : hintWarning(counter)
      case .noChecksum: return checksumWarning()
      case .tail: return tailWarning()
      }
    }
  }

  private func hintWarning(_ counter: KeyCounter) -> SnapshotCheck.Warning? {
    let wrong = counter.databases.entries.filter { $0.isHintWrong }
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
    guard let notes = total.end?.surroundingNotes, !notes.isEmpty else { return nil }
    return SnapshotCheck.Warning(
      kind: .tail, count: UInt64(notes.count), message: notes.joined(separator: "; "), keys: [])
  }
}
