import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat

/// `rdb ttl`: shows the remaining time to live of keys.
struct TTL: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "ttl",
    abstract: "Show the remaining time to live of keys, by type and prefix.",
    discussion: """
      Times are counted from --now, or from the time the snapshot was written. The last table shows candidates for an \
      expiry: the prefixes with most memory without one, weighted by idle time if the snapshot has it.

      Examples:
        rdb ttl dump.rdb
        rdb ttl dump.rdb --now now --depth 1
        rdb ttl dump.rdb --json | jq '.candidates[0]'
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments

  @Option(help: ArgumentHelp("Show at most n prefixes and candidates in text.", valueName: "n"))
  var top = 10

  @OptionGroup(title: "Prefixes") var prefixes: PrefixArguments
  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if top < 1 { throw ValidationError("--top takes at least 1 prefix, not \(top).") }
  }

  func run() throws {
    let input = try reading.open(input, now: try keys.expiry.present)
    let output = try output.open(reading: input, form.form.onTerminal)
    let run = ReportRun(input: input, keys: keys, reading: reading, working: working, model: model)
    let reports = try run.reports { options in
      options.wantsTTL = true
      try prefixes.apply(to: &options)
    }
    guard let report = reports.ttl else { return }
    switch form.form {
    case .text: try output.writeWhole(Array(report.text(top: top, width: terminalWidth).utf8))
    case .json: try output.writeWhole(try jsonDocument(report))
    case .csv: try output.writeWhole(report.csv(defuses: !form.noDefuse))
    }
  }
}
