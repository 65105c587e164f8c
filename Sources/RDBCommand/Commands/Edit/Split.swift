import ArgumentParser
import RDB
import RDBEdit
import RDBFiltering
import RDBLZF

/// The option about the folder of the parts.
struct PartsFolderOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write the parts into this folder, which must be missing or empty.", valueName: "folder"),
    completion: .directory)
  var output: String
}

/// `rdb split`: divides a snapshot into several.
struct Split: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Divide a snapshot into several: by hash slot, database, prefix, type or size.",
    discussion: """
      Each part is a whole snapshot of the same version, with the functions and module data of the input. A table of \
      the parts goes to standard output. The folder appears when all parts are complete.

      Examples:
        rdb split dump.rdb -o shards --shards 3
        rdb split dump.rdb -o shards --nodes nodes.conf
        rdb split dump.rdb -o parts --by prefix --sep : --parts 20
        rdb split big.rdb.gz -o parts --by size --size 1gb
      """)

  @OptionGroup var input: InputOptions

  @OptionGroup(title: "Output") var output: PartsFolderOptions
  @OptionGroup(title: "Parts") var split: SplitArguments
  @OptionGroup(title: "Table") var table: TableArguments

  @Flag(help: "Copy values without validating them: for a dump of one's own.")
  var trust = false

  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let owners = try split.owners
    let input = try reading.open(input, now: try keys.expiry.present)
    let filter = try keys.options
    let ending = try LedgerEnding(ledger, keys, working, reading: [input])
    let folder = try OutputFolder(path: output.output)
    let (rule, source, replayLedger) = try rule(owners, input, filter)
    let run = try SnapshotRun(source, reading, keys.damage)
    var options = SnapshotWritingOptions(copying: run.origin)
    options.isPartial = true
    options.validatesStored = !trust
    options.compressor = { LZFCompressor() }
    let (files, result) = try write(run, options, rule, filter, into: folder)
    try folder.finish()
    try show(files, owners)
    var whole = result.summary.ledger
    whole.merge(result.filtered)
    whole.merge(replayLedger)
    if let end = result.end { whole.merge(end.losses) }
    try ending.finish(
      whole, notes: (owners.map(Self.notes) ?? []) + result.notes + (result.end?.notes ?? []), end: result.end)
  }

  /// The rule by which keys are divided. Prefixes are counted in a pass of their own.
  ///
  /// - Returns: The rule, the input for the next pass, and the losses of a replay in the first pass.
  private func rule(_ owners: SlotOwners?, _ input: InputFile, _ filter: FilterOptions?) throws -> (
    rule: SplitRule, input: InputFile, replayLedger: Ledger
  ) {
    if let owners { return (.slots(owners), input, Ledger()) }
    switch split.by {
    case .db, nil: return (.database, input, Ledger())
    case .type: return (.type, input, Ledger())
    case .size: return (.size(split.size?.byteCount ?? .max), input, Ledger())
    case .prefix:
      let repeatable = try RepeatableInput(input)
      var one = working
      one.threads.threads = 1
      let counts = try SnapshotRun(repeatable.first, reading, keys.damage)
        .foldFiltered(by: filter, one) { PrefixCountingSink(split.prefix) }.summary
      return (.prefix(counts.largest(split.parts)), repeatable.again, repeatable.replayLedger)
    }
  }

  private func write(
    _ run: consuming SnapshotRun, _ options: SnapshotWritingOptions, _ rule: SplitRule, _ filter: FilterOptions?,
    into folder: OutputFolder
  ) throws -> (files: [SnapshotParts.Summary], result: Conversion.Result<SnapshotWritingSummary>) {
    let parts: SnapshotParts
    do {
      parts = try SnapshotParts(
        options, in: folder.path, sizeLimit: rule.sizeLimit, openLimit: openFileLimit / 2)
      try rule.addParts(to: parts)
    } catch {
      throw RDBError.transfer("write", error, at: 0).failure(in: folder.shownName)
    }
    do {
      let numbered = NumberedParts()
      let result = try run.writeFiltered(by: filter, working, output: nil, to: [parts]) {
        SplittingSink(rule, parts, numbered, turn: $0[0])
      }
      do {
        return (try parts.finish(result.summary, keepsEmpty: rule.keepsEmpty), result)
      } catch {
        throw RDBError.transfer("write", error, at: 0).failure(in: folder.shownName)
      }
    } catch {
      folder.abandon()
      // A full disk takes precedence over damage: the input may be whole.
      throw parts.failure?.failure(in: folder.shownName) ?? error
    }
  }

  private static func notes(_ owners: SlotOwners) -> [String] {
    let unowned = owners.unowned
    return owners.notes + (unowned.isEmpty ? [] : ["no node owns the slots \(SlotOwners.text(of: unowned))"])
  }

  private func show(_ files: [SnapshotParts.Summary], _ owners: SlotOwners?) throws {
    let rows = SplitTable(files, owners)
    let output = try OutputFile(path: "-", keepsPartial: false, inputs: [], form: .lines)
    try output.writeWhole(
      table.csv ? rows.csv(defuses: !table.noDefuse) : table.json ? try jsonDocument(rows) : Array(rows.text.utf8))
  }
}
