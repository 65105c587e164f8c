import RDB
import RDBFormat
import RDBSupport

/// An entry of the search for duplicates: a key, or a member or field of a key. Entries are sorted by hash, then in
/// file order.
struct DuplicateEntry: SortedEntry {
  var hash: UInt64
  /// The offset of the key's record, in bytes.
  var keyOffset: UInt64
  /// 0 for a key; the number of the element, counted from 1, for a member or field.
  var elementNumber: UInt64
  /// The offset of the entry's bytes in the ``NameLog`` of its worker.
  var nameOffset: UInt64

  var isKey: Bool { elementNumber == 0 }

  @inline(__always) func precedes(_ other: DuplicateEntry) -> Bool {
    hash != other.hash ? hash < other.hash : isBefore(other)
  }

  /// Whether the entry comes before another in the file.
  @inline(__always) func isBefore(_ other: DuplicateEntry) -> Bool {
    if keyOffset != other.keyOffset { return keyOffset < other.keyOffset }
    return elementNumber < other.elementNumber
  }
}

/// Records each key and member that one worker reads: its bytes in a ``NameLog``, its hash in sorted runs.
///
/// In the name log, the number of a key's entry is the database, and the number of a member's entry is the offset of
/// the key's entry.
struct DuplicateLog: ~Copyable {
  private var names: NameLog
  private var builder: RunBuilder<DuplicateEntry>
  private let hasher: SeededHash
  private var keyNameOffset: UInt64 = 0
  private var keyOffset: UInt64 = 0
  private var keySeed: UInt64 = 0

  init(hasher: SeededHash, memoryByteCount: Int) throws(SystemError) {
    self.hasher = hasher
    names = try NameLog()
    builder = RunBuilder(memoryByteCount: memoryByteCount)
  }

  /// Records a key. Its members follow.
  mutating func beginKey(_ key: borrowing KeyHeader) throws(SystemError) {
    keyOffset = UInt64(key.offset)
    keySeed = hasher.seed(of: ~keyOffset)
    keyNameOffset = try names.append(key.name, number: key.database)
    try builder.add(
      DuplicateEntry(
        hash: hasher.hash(key.name, seed: hasher.seed(of: key.database)), keyOffset: keyOffset, elementNumber: 0,
        nameOffset: keyNameOffset))
  }

  /// Records a member of the current key.
  ///
  /// - Parameter elementNumber: The number of the member in its key, counted from 1.
  mutating func addMember(_ member: RawSpan, elementNumber: UInt64) throws(SystemError) {
    let offset = try names.append(member, number: keyNameOffset)
    try builder.add(
      DuplicateEntry(
        hash: hasher.hash(member, seed: keySeed), keyOffset: keyOffset, elementNumber: elementNumber,
        nameOffset: offset))
  }

  /// Completes the log, and frees its memory.
  consuming func finish() throws(SystemError) -> CompleteDuplicateLog {
    CompleteDuplicateLog(runs: try builder.finish(keepsMemory: false), names: try names.finish())
  }
}

/// The entries of a complete ``DuplicateLog``.
struct CompleteDuplicateLog: Sendable {
  let runs: SortedRuns<DuplicateEntry>
  let names: CompleteNameLog
}
