import ArgumentParser
import RDB
import RDBCompression
import RDBEdit
import RDBFormat
import RDBLZF
import RDBReplay

/// `rdb rewrite`: writes a snapshot for another release.
struct Rewrite: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "rewrite",
    abstract: "Write a snapshot for another release, or with some of the keys.",
    discussion: """
      A server starts on the output. Values that the target can load are copied as they are stored, after they were \
      validated; others are encoded again as the target would store them.

      Examples:
        rdb rewrite dump.rdb --target 6.2 -o dump-6.2.rdb
        rdb rewrite appendonlydir --target valkey-9.1 -o dump.rdb
        rdb rewrite dump.rdb -k '^user:' --db-map 0:3 --expired skip -o users.rdb
        rdb rewrite dump.rdb --rename 's/^old:/new:/' -o dump-renamed.rdb
        rdb rewrite foreign.rdb --sanitize -o dump.rdb
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Target") var target: SnapshotTargetArguments
  @OptionGroup(title: "Target") var databases: DatabaseMapArguments
  @OptionGroup(title: "Names") var renaming: RenamingArguments
  @OptionGroup(title: "Names") var names: RenamingConflictArguments
  @OptionGroup(title: "Trust") var trust: CopyTrustArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let configuration = try target.configuration
    let input = try reading.open(input, now: try keys.expiry.present)
    input.replayed?.source.compressor = target.compresses(configuration) ? LZFCompressor() : nil
    if try renaming.substitutions != nil || !databases.map.isEmpty { return try rename(input, configuration) }
    let run = try SnapshotRun(input, reading, keys.damage)
    var options = target.options(for: run.origin, configuration, trust)
    options.isPartial = try keys.options != nil
    let conversion = try Conversion(of: input, to: output, nil, ledger, keys, working)
    try conversion.output.refuseTerminal()
    let (envelope, snapshot) = try target.destination(options, conversion.output)
    let result = try conversion.read(run, to: snapshot) { [options] in SnapshotWritingSink(options, to: $0) }
    try conversion.finish(result.summary.ledger, result) {
      try snapshot.finish(result.summary)
      try envelope?.finish()
    }
  }

  /// Reads the input twice: keys that get other names or databases must not get the name of another key.
  private func rename(_ input: InputFile, _ configuration: ServerConfiguration?) throws {
    let rules = SnapshotMerge.Rules(
      substitutions: try renaming.substitutions, databases: databases.map, conflict: names.onConflict?.conflict ?? .fail
    )
    let file = try output.open(reading: input, nil)
    try file.refuseTerminal()
    let ending = try LedgerEnding(ledger, keys, working, reading: [input])
    var merge = try SnapshotMerge([input], rules, reading, keys, working)
    try merge.survey()
    let options = target.options(for: merge.origins[0], configuration, trust)
    try merge.write(options, target, to: file, ending)
  }
}
