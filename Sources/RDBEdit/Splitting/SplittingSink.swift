import RDB
import RDBFormat
import RDBSupport

/// A sink that divides the keys of a snapshot among several snapshots.
///
///     let parts = try SnapshotParts(options, in: "shards")
///     let rule = SplitRule.slots(SlotOwners(shards: 3))
///     try rule.addParts(to: parts)
///     let numbered = NumberedParts()
///     let result = try reader.write(to: parts, threads: 2) { SplittingSink(rule, parts, numbered, turn: $0) }
///     let files = try parts.finish(result.summary, keepsEmpty: rule.keepsEmpty)
///
/// Each part has the AUX fields, function libraries and module data of the snapshot, and the sizes of its databases. Hints
/// of hash slots are left out.
package struct SplittingSink: ForwardingSink, OutputSink, ~Copyable {
  package var base: SnapshotWritingSink
  private let router: PartRouter
  private var chooser: PartChooser
  private var isLost = false
  private var isExpiring = false
  private var keysWritten: UInt64 = 0
  private var hasKey = false

  /// - Parameters:
  ///   - rule: The rule by which keys are divided. Its parts have been added to `parts`.
  ///   - parts: The parts, which all workers share.
  ///   - numbered: The parts that are added when their first key comes, which all workers share.
  ///   - turn: The worker's destination from the reader.
  package init(_ rule: SplitRule, _ parts: SnapshotParts, _ numbered: NumberedParts, turn: any ByteDestination) {
    router = PartRouter(parts, turn: turn)
    chooser = PartChooser(rule, parts, numbered)
    var options = parts.options
    options.selectsDatabases = false
    base = SnapshotWritingSink(options, to: router)
  }

  /// Sends the records that follow to a part, or to all.
  private mutating func select(_ part: Int?, _ database: UInt64) throws {
    if router.isCurrent(part, database) { return }
    try base.flushRecords()
    try router.select(part, database)
  }

  // MARK: Records that belong to no key

  /// Writes the field to all parts, but to that of the last key if it stores an expiry of a member.
  package mutating func aux(_ field: borrowing AuxField) throws {
    if hasKey, field.isMemberExpiry {
      if isLost { return }
    } else {
      try select(nil, 0)
    }
    try base.aux(field)
  }

  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    try select(nil, 0)
    try base.functionLibrary(library)
  }

  package mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    try select(nil, 0)
    return try base.beginModuleAux(aux)
  }

  /// Leaves out the hint: the part has other keys.
  package mutating func slots(_ slots: borrowing SlotHint) throws {}
  /// Leaves out the size: each part has its own.
  package mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {}

  // MARK: Keys

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    hasKey = true
    guard let part = try chooser.part(of: key) else {
      isLost = true
      base.summary.ledger.keysRead += 1
      base.summary.ledger.lose(.key, "no node owns its hash slot", key: [UInt8](key.name), offset: key.offset)
      return .skip
    }
    isLost = false
    isExpiring = key.expiry != nil
    try select(part, key.database)
    keysWritten = base.summary.ledger.keysWritten
    return try base.beginKey(key)
  }

  package mutating func endKey(_ end: KeyEnd) throws {
    if isLost { return }
    try base.endKey(end)
    if base.summary.ledger.keysWritten > keysWritten {
      router.endKey(at: base.byteCount, isExpiring: isExpiring)
    }
  }

  package mutating func endBatch() throws {
    try base.endBatch()
    try router.handOn()
  }

  package consuming func finish() throws -> SnapshotWritingSummary {
    try base.flushRecords()
    try router.handOn()
    return try base.finish()
  }
}
