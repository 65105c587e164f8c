import ArgumentParser
import RDB
import RDBEdit
import RDBFormat
import RDBLZF
import RDBReplay

/// `rdb merge`: makes one snapshot of several inputs.
struct Merge: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Make one snapshot of several: of shards, of parts, or of any other inputs.",
    discussion: """
      Each input is read twice, first for the names of its keys. The keys of the first input come first, then those of \
      the second, and so on. A key, a function library or data of a module that several inputs have is an error, unless \
      --on-conflict says which one stays (newest: that of the input with the latest AUX ctime).

      Examples:
        rdb merge shard-*.rdb -o whole.rdb
        rdb merge old.rdb new.aof --on-conflict last --target 7.2 -o dump.rdb
        rdb merge a.rdb b.rdb --db-map 0:1 --rename 's/^tmp:/old:/' -o both.rdb
      """)

  @Argument(
    help: ArgumentHelp(
      "Snapshots, append-only files or their folders, RESP dumps; - for standard input. gzip, zstd, LZ4 too.",
      valueName: "dump"), completion: .file())
  var dumps: [String]

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Target") var target: SnapshotTargetArguments
  @OptionGroup(title: "Target") var databases: DatabaseMapArguments
  @OptionGroup(title: "Names") var renaming: RenamingArguments
  @OptionGroup(title: "Names") var names: MergeConflictArguments
  @OptionGroup(title: "Trust") var trust: CopyTrustArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if dumps.filter({ $0 == "-" }).count > 1 { throw ValidationError("Only one input can be standard input.") }
    if dumps.count > RecordPosition.inputLimit {
      throw ValidationError("rdb merge takes at most \(RecordPosition.inputLimit) inputs, not \(dumps.count).")
    }
  }

  func run() throws {
    let configuration = try target.configuration
    let now = try keys.expiry.present
    let inputs = try dumps.map { try reading.open($0, now: now) }
    for input in inputs {
      input.replayed?.source.compressor = target.compresses(configuration) ? LZFCompressor() : nil
    }
    let rules = SnapshotMerge.Rules(
      substitutions: try renaming.substitutions, databases: databases.map, conflict: names.onConflict)
    let file = try output.open(reading: inputs)
    try file.refuseTerminal()
    let ending = try LedgerEnding(ledger, keys, working, reading: inputs)
    var merge = try SnapshotMerge(inputs, rules, reading, keys, working)
    try merge.survey()
    var target = target
    if target.target == nil { target.target = TargetVersion(try Self.newest(merge.origins, inputs)) }
    let options = target.options(for: merge.origins[0], configuration, trust)
    try merge.write(options, target, to: file, ending)
  }

  /// The newest release that wrote one of the inputs.
  ///
  /// - Throws: ``Failure``, if the inputs are of different vendors.
  private static func newest(_ origins: [SnapshotOrigin], _ inputs: [InputFile]) throws -> ServerVersion {
    let writers = origins.map(\.assumedWriter)
    if let other = writers.firstIndex(where: { $0.vendor != writers[0].vendor }) {
      throw Failure(
        .usage,
        "\(inputs[0].shownName) is of \(name(writers[0].vendor)), \(inputs[other].shownName) of "
          + name(writers[other].vendor),
        hint: "Say with --target which server shall load the result.")
    }
    return writers.max { ($0.major, $0.minor, $0.patch) < ($1.major, $1.minor, $1.patch) } ?? writers[0]
  }

  private static func name(_ vendor: Vendor) -> String { vendor == .redis ? "Redis" : "Valkey" }
}
