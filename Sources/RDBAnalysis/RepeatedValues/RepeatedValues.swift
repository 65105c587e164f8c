import RDB
import RDBFormat
import RDBSupport

/// An entry of the count of repeated values: a string value. Entries are sorted by hash, then length, then the hash of
/// the key.
struct ValueEntry: SortedEntry {
  var hash: UInt64
  /// The length of the value, in bytes.
  var byteCount: UInt64
  /// The hash of the name of the key that has the value.
  var keyHash: UInt64
  /// The offset of the key's name in the ``NameLog`` of its worker.
  var nameOffset: UInt64

  @inline(__always) func precedes(_ other: ValueEntry) -> Bool {
    if hash != other.hash { return hash < other.hash }
    if byteCount != other.byteCount { return byteCount < other.byteCount }
    return keyHash < other.keyHash
  }

  /// Whether two entries count as the same value.
  func isSameValue(as other: ValueEntry) -> Bool { hash == other.hash && byteCount == other.byteCount }
}

/// Records each string value that one worker reads, so that equal values can be counted exactly.
///
/// Two values count as the same if their 64-bit hashes and their lengths are the same. Among a thousand million
/// distinct values, the probability that any two count as the same is 3 %.
struct RepeatedValueLog: ~Copyable {
  private var names: NameLog
  private var builder: RunBuilder<ValueEntry>

  init(memoryByteCount: Int, folder: String) throws(SystemError) {
    names = try NameLog(folder: folder)
    builder = RunBuilder(memoryByteCount: memoryByteCount, folder: folder)
  }

  /// Records a value.
  ///
  /// - Parameters:
  ///   - hash: The hash of the value.
  ///   - byteCount: The length of the value, in bytes.
  ///   - keyHash: The hash of the name of its key.
  ///   - name: The name of its key.
  mutating func add(_ hash: UInt64, byteCount: UInt64, keyHash: UInt64, name: RawSpan) throws(SystemError) {
    let offset = try names.append(name, number: 0)
    try builder.add(ValueEntry(hash: hash, byteCount: byteCount, keyHash: keyHash, nameOffset: offset))
  }

  /// Completes the log, and frees its memory.
  consuming func finish() throws(SystemError) -> CompleteRepeatedValueLog {
    CompleteRepeatedValueLog(runs: try builder.finish(keepsMemory: false), names: try names.finish())
  }
}

/// The entries of a complete ``RepeatedValueLog``.
struct CompleteRepeatedValueLog: Sendable {
  fileprivate let runs: SortedRuns<ValueEntry>
  fileprivate let names: CompleteNameLog
}

/// Counts repeated values from the logs of all workers.
enum RepeatedValueCount {
  /// The memory for entries of all workers together, in bytes.
  static let memoryByteCount = 32 << 20

  private struct Group {
    var first: ValueEntry
    var log: Int
    var keys: UInt64 = 1
  }

  /// Returns the values that at least two keys have, in descending order of the memory that repetition costs.
  static func count(_ logs: [CompleteRepeatedValueLog]) throws(SystemError) -> [Repeated] {
    var merge = try RunMerge(logs.map(\.runs), byteCount: memoryByteCount)
    var top: [(value: Repeated, group: Group)] = []
    var group: Group?
    while let entry = try merge.next() {
      if let last = group, last.first.isSameValue(as: entry) {
        group?.keys += 1
      } else {
        if let last = group { keep(last, in: &top) }
        group = Group(first: entry, log: merge.source)
      }
    }
    if let last = group { keep(last, in: &top) }
    return try top.map { pair throws(SystemError) in
      var value = pair.value
      value.example = BinaryText(try logs[pair.group.log].names.entry(at: pair.group.first.nameOffset).bytes)
      return value
    }
  }

  private static func keep(_ group: Group, in top: inout [(value: Repeated, group: Group)]) {
    guard group.keys > 1, group.first.byteCount > 0 else { return }
    let value = Repeated(
      example: BinaryText([]), byteCount: group.first.byteCount, keys: group.keys, keysError: 0)
    let index = top.firstIndex { StatsReport.waste($0.value) < StatsReport.waste(value) } ?? top.endIndex
    guard index < StatsReport.topLimit else { return }
    top.insert((value, group), at: index)
    if top.count > StatsReport.topLimit { top.removeLast() }
  }
}
