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
        rdb rewrite foreign.rdb --sanitize -o dump.rdb
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Target") var target: SnapshotTargetArguments
  @OptionGroup(title: "Target") var databases: DatabaseMapArguments
  @OptionGroup(title: "Trust") var trust: CopyTrustArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let configuration = try target.configuration
    let input = try reading.open(input, now: try keys.expiry.present)
    input.replayed?.source.compressor = target.compresses(configuration) ? LZFCompressor() : nil
    let run = try SnapshotRun(input, reading, keys.damage)
    var options = target.options(for: run.origin, configuration)
    options.databaseMap = databases.map
    options.sanitizes = trust.sanitize
    options.validatesStored = !trust.trust
    options.isPartial = try keys.options != nil || !databases.map.isEmpty
    let conversion = try Conversion(of: input, to: output, nil, ledger, keys, working)
    try target.refuseTerminal(conversion.output)
    let (envelope, snapshot) = try target.destination(options, conversion.output)
    let result = try conversion.read(run, to: snapshot) { [options] in SnapshotWritingSink(options, to: $0) }
    try conversion.finish(result.summary.ledger, result) {
      try snapshot.finish(result.summary)
      try envelope?.finish()
    }
  }
}
