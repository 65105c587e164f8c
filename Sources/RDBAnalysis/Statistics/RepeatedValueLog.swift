import RDB
import RDBFormat

/// Notes every string's value on disk, so that equal ones can be counted exactly: an external merge sort.
///
/// Two values are taken for equal if 64 bits of hash and their lengths are: of a thousand million different
/// values, with a probability of 3 %, one pair is not.
final class RepeatedValueLog: Sendable {
  private nonisolated(unsafe) let log: UniqueLog

  fileprivate init(worker: Int, byteCount: Int, folder: String) throws(RDBError) {
    log = try UniqueLog(worker: worker, hasher: UniqueHash(), byteCount: byteCount, folder: folder)
  }

  func add(_ hash: UInt64, _ byteCount: UInt64, keyHash: UInt64, name: RawSpan) throws(RDBError) {
    try log.addValue(hash, byteCount: byteCount, keyHash: keyHash, name: name)
  }

  fileprivate var entries: UniqueLog { log }
}

/// The logs of all workers, and what they amount to.
public final class RepeatedValues: Sendable {
  private static let memoryByteCount = 32 << 20
  let logs: [RepeatedValueLog]

  /// - Parameter folder: Where temporary files may be; they have no names.
  /// - Throws: ``RDBError`` (`io`).
  public init(workers: Int, folder: String) throws(RDBError) {
    var logs: [RepeatedValueLog] = []
    for worker in 0..<max(workers, 1) {
      logs.append(
        try RepeatedValueLog(worker: worker, byteCount: Self.memoryByteCount / max(workers, 1), folder: folder))
    }
    self.logs = logs
  }

  /// Counts, when everything was read.
  ///
  /// - Returns: The values that at least two keys have; those that would save most are first.
  public func count() throws(RDBError) -> [Repeated] {
    for log in logs { try log.entries.finish() }
    var merge = try RunMerge(logs.map(\.entries.runs), byteCount: Self.memoryByteCount)
    var top: [(value: Repeated, entry: UniqueEntry)] = []
    var group: (first: UniqueEntry, keys: UInt64)?
    func close(_ group: (first: UniqueEntry, keys: UInt64)) {
      guard group.keys > 1, group.first.offset > 0 else { return }
      let value = Repeated(
        example: BinaryText([]), byteCount: group.first.offset, keys: group.keys, keysError: 0)
      let place = top.firstIndex { StatsReport.waste($0.value) < StatsReport.waste(value) } ?? top.endIndex
      guard place < StatsReport.topLimit else { return }
      top.insert((value, group.first), at: place)
      if top.count > StatsReport.topLimit { top.removeLast() }
    }
    while let entry = try merge.next() {
      if let last = group, last.first.hash == entry.hash, last.first.offset == entry.offset {
        group?.keys += 1
      } else {
        if let last = group { close(last) }
        group = (entry, 1)
      }
    }
    if let last = group { close(last) }
    return try top.map { one throws(RDBError) in
      var value = one.value
      let log = logs[Int(one.entry.place >> 48)].entries
      value.example = BinaryText(try log.name(at: one.entry.place & UniqueLog.placeMask).bytes)
      return value
    }
  }
}

extension StatsReport {
  /// Takes over what was counted on disk.
  public mutating func setExactValues(_ values: [Repeated]) { exactValues = values }
}
