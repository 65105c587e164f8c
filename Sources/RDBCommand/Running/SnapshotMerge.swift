import RDB
import RDBCompression
import RDBEdit
import RDBFiltering
import RDBFormat
import RDBRegex
import RDBSupport

/// Inputs that become one snapshot, each read twice: first for the names of its keys, then for all of it.
struct SnapshotMerge {
  /// The options that decide which keys become which.
  struct Rules {
    /// The new names of keys; `nil`: they keep theirs.
    var substitutions: NameSubstitutions?
    /// The new number of each database that gets one.
    var databases: [UInt64: UInt64]
    var conflict: NameConflict
  }

  private let inputs: [RepeatableInput]
  private let rules: Rules
  private let reading: ReadingOptions
  private let keys: KeyArguments
  private let working: WorkingArguments
  private let records = MergedRecords()
  private var conflicts = NameConflicts()
  private var totals = KeyTotals()
  /// The number of keys that the filter may pass in each input; `nil`: any number.
  private var limits: [UInt64?] = []
  /// The origin of each input.
  private(set) var origins: [SnapshotOrigin] = []

  init(
    _ inputs: [InputFile], _ rules: Rules, _ reading: ReadingOptions, _ keys: KeyArguments,
    _ working: WorkingArguments
  ) throws {
    self.inputs = try inputs.map { try RepeatableInput($0) }
    (self.rules, self.reading, self.keys, self.working) = (rules, reading, keys, working)
  }

  // MARK: The first pass

  /// Reads the names of all keys, and decides which keys and records stay.
  ///
  /// - Throws: ``Failure``, also if two keys have the same name and that is an error.
  mutating func survey() throws {
    let names = NameRecord(threads: working.threads.count)
    var filter = try keys.options
    for (index, input) in inputs.enumerated() {
      let run = try SnapshotRun(input.first, reading, keys.damage)
      origins.append(run.origin)
      limits.append(filter?.limit)
      let (renamers, records) = (rules.substitutions, records)
      let databases = rules.databases
      let result = try run.foldFiltered(by: filter, working) {
        RenamingSink(
          renamers?.makeRenamer(), databases: databases, base: SurveyingSink(names, records, input: index))
      }
      if let limit = filter?.limit { filter?.limit = limit - min(limit, result.summary.keyCount) }
      totals.merge(result.summary)
    }
    let ranks = rules.conflict.ranks(ofInputsSavedAt: try savingTimes())
    do throws(SystemError) { conflicts = try names.conflicts(rules.conflict, ranks: ranks) } catch {
      throw RDBError(error).failure(in: inputs[0].first.shownName)
    }
    let different = records.choose(ranks: ranks)
    guard rules.conflict == .fail else { return }
    if let conflict = conflicts.first { throw try failure(conflict) }
    if let conflict = different.first { throw failure(conflict) }
  }

  /// The times at which the inputs were saved, in seconds since 1970.
  private func savingTimes() throws -> [UInt64?] {
    let times = origins.map(\.ctimeSeconds)
    if rules.conflict == .newest, let index = times.firstIndex(of: nil) {
      throw Failure(
        .usage, "\(inputs[index].first.shownName): does not tell when it was saved, which --on-conflict newest needs",
        hint: "Give --on-conflict first or last, with the inputs in the right order.")
    }
    return times
  }

  private func failure(_ conflict: (repetition: RecordPosition, earlier: RecordPosition)) throws -> Failure {
    let key = try announcement(of: conflict.repetition)
    let name = "\(printable(key.name)) of database \(key.database)"
    let (first, second) = (inputs[conflict.earlier.input].first, inputs[conflict.repetition.input].first)
    if conflict.earlier.input == conflict.repetition.input {
      return Failure(
        .usage, "\(first.shownName): two keys would be \(name)",
        hint: "--on-conflict first or last keeps one of them.")
    }
    return Failure(
      .usage, "\(first.shownName) and \(second.shownName) both have the key \(name)",
      hint: "--on-conflict first, last or newest keeps one of them.")
  }

  private func failure(_ conflict: MergedRecords.Conflict) -> Failure {
    let names = conflict.inputs.map { inputs[$0].first.shownName }.joined(separator: " and ")
    return Failure(
      .usage, "\(names) have a different \(conflict.kind) \(printable(conflict.name))",
      hint: "--on-conflict first, last or newest keeps one of them.")
  }

  /// Reads an input again up to a key, for the key's new name and database.
  private func announcement(of position: RecordPosition) throws -> (name: [UInt8], database: UInt64) {
    let input = inputs[position.input]
    var reader = RDBReader(input.again.source, options: reading.readerOptions)
    var sink = RenamingSink(
      rules.substitutions?.makeRenamer(), databases: rules.databases, base: KeyAtOffset(position.offset))
    do { try reader.read(into: &sink) } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.first.shownName)
    }
    return sink.base.found ?? ([], 0)
  }

  /// Finds the key at an offset.
  private struct KeyAtOffset: SelectiveSink, FoldingSink {
    let offset: Int
    var found: (name: [UInt8], database: UInt64)?

    init(_ offset: Int) { self.offset = offset }

    static var events: SinkEvents { [] }
    mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
      guard key.offset >= offset else { return .skip }
      found = ([UInt8](key.name), key.database)
      throw RDBError.stop
    }
    consuming func finish() throws -> KeyTotals { KeyTotals() }
  }

  // MARK: The second pass

  /// Writes the snapshot of all records and keys that stay, and ends the command.
  ///
  /// - Parameters:
  ///   - options: The options of the output.
  ///   - target: The envelope around the output.
  ///   - output: The file of the output.
  ///   - ending: The end of the command.
  /// - Throws: ``Failure``.
  func write(
    _ options: SnapshotWritingOptions, _ target: SnapshotTargetArguments, to output: OutputFile, _ ending: LedgerEnding
  ) throws {
    let (envelope, snapshot) = try target.destination(options, output)
    let result = try write(options, to: snapshot, output)
    var ledger = result.ledger
    do {
      if let summary = result.summary {
        ledger.merge(summary.ledger)
        try snapshot.finish(summary)
      }
      try envelope?.finish()
      try output.finish()
    } catch {
      output.abandon()
      throw RDBError.transfer("write", error, at: 0).failure(in: output.shownName)
    }
    try ending.finish(ledger, notes: result.notes, end: result.end)
  }

  /// The result of writing.
  private struct Result {
    /// The summary of the sinks that wrote.
    var summary: SnapshotWritingSummary?
    /// The keys and records that were left out before.
    var ledger = Ledger()
    var notes: [String] = []
    /// The end of the input, if there is only one.
    var end: SnapshotEnd?

    mutating func add(_ part: SnapshotWritingSummary) {
      if summary == nil { summary = part } else { summary?.merge(part) }
    }
  }

  /// Writes all records and keys that stay.
  ///
  /// - Parameters:
  ///   - options: The options of the output.
  ///   - snapshot: The destination of all records, which the caller finishes.
  ///   - output: The file of `snapshot`, which is abandoned if this throws.
  /// - Throws: ``Failure``.
  private func write(
    _ options: SnapshotWritingOptions, to snapshot: SnapshotDestination, _ output: OutputFile
  ) throws -> Result {
    var options = options
    options.databaseMap = [:]
    options.isPartial = true
    var result: Result
    do {
      result = try writeRecordsBeforeKeys(options, to: snapshot)
      try writeSizes(options, to: snapshot)
    } catch let failure as Failure {
      output.abandon()
      throw failure
    } catch {
      output.abandon()
      throw RDBError.transfer("write", error, at: 0).failure(in: output.shownName)
    }
    for index in inputs.indices { try writeKeys(of: index, options, to: snapshot, output, adding: &result) }
    return result
  }

  private func writeRecordsBeforeKeys(
    _ options: SnapshotWritingOptions, to snapshot: SnapshotDestination
  ) throws -> Result {
    var result = Result()
    for (index, input) in inputs.enumerated() {
      var options = options
      options.writesOrigin = index == 0
      var reader = RDBReader(input.again.source, options: reading.readerOptions)
      var sink = MergingSink(
        records, input: index, .beforeKeys, base: SnapshotWritingSink(options, to: snapshot))
      do { try reader.read(into: &sink) } catch {
        throw RDBError.transfer("read", error, at: 0).failure(in: input.first.shownName)
      }
      try sink.endBatch()
      let summary = try sink.finish()
      result.add(summary.base)
      result.ledger.merge(summary.ledger)
    }
    return result
  }

  /// Writes the sizes of all databases, before the first key.
  private func writeSizes(_ options: SnapshotWritingOptions, to snapshot: SnapshotDestination) throws {
    var options = options
    options.isPartial = false
    var sink = SnapshotWritingSink(options, to: snapshot)
    for (database, count) in totals.databases.sorted(by: { $0.key < $1.key }) {
      try sink.databaseSize(database: database, keys: count.keys, expiring: count.expiring)
    }
    try sink.endBatch()
    _ = try sink.finish()
  }

  private func writeKeys(
    of index: Int, _ options: SnapshotWritingOptions, to snapshot: SnapshotDestination, _ output: OutputFile,
    adding result: inout Result
  ) throws {
    let input = inputs[index]
    var filter = try keys.options
    filter?.limit = limits[index]
    let run = try SnapshotRun(input.again, reading, keys.damage)
    let part = try run.writeFiltered(by: filter, working, output: output, to: [snapshot]) { destinations in
      try DroppingSink(
        conflicts.dropped, input: index, renamer: rules.substitutions?.makeRenamer(),
        base: RenamingSink(
          rules.substitutions?.makeRenamer(), databases: rules.databases,
          base: MergingSink(
            records, input: index, .keys, base: SnapshotWritingSink(options, to: destinations[0]))))
    }
    result.add(part.summary.base.base)
    result.ledger.merge(part.summary.ledger)
    result.ledger.merge(part.summary.base.ledger)
    result.ledger.merge(part.filtered)
    result.ledger.merge(input.replayLedger)
    if let end = part.end { result.ledger.merge(end.losses) }
    let name = inputs.count > 1 ? "\(input.first.shownName): " : ""
    result.notes += (part.notes + (part.end?.notes ?? [])).map { name + $0 }
    if inputs.count == 1 { result.end = part.end }
  }
}
