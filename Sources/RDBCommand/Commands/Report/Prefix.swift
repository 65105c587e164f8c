import ArgumentParser
import RDB
import RDBAnalysis

/// `rdb prefix`: sums up keys and memory by prefix of their names.
struct Prefix: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "prefix",
    abstract: "Sum up keys and memory by the prefixes of key names.",
    discussion: """
      The part of a name after its last separator belongs to no prefix. Sums are exact; percentiles are at most 1.6 % \
      off. With more prefixes than --max-nodes, the smaller children of a prefix are summed up in (other).

      Examples:
        rdb prefix dump.rdb
        rdb prefix dump.rdb --sep : --sep / --depth 2 --fold-digits
        rdb prefix dump.rdb --template '^user:[0-9]+:cart$' --json | jq '.nodes[] | select(.kind == "template")'
        rdb prefix dump.rdb --csv -o prefix.csv
        rdb prefix dump.rdb --folded | flamegraph.pl --countname bytes >prefix.svg
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments

  @Flag(help: "Write folded stacks for flame graphs: parts of a prefix and bytes.")
  var folded = false

  @Option(
    help: ArgumentHelp(
      "Show at most n child prefixes per prefix, largest memory first. Default: 10 in text, else all.",
      valueName: "n"))
  var top: Int?

  @OptionGroup(title: "Prefixes") var prefixes: PrefixArguments
  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top takes at least 1 prefix, not \(top).") }
    if folded && (form.csv || form.json) {
      throw ValidationError("--folded and \(form.csv ? "--csv" : "--json") contradict each other: give one.")
    }
  }

  func run() throws {
    let input = try reading.open(input, now: try keys.expiry.present)
    let output = try output.open(reading: input, form.form.onTerminal)
    let run = ReportRun(input: input, keys: keys, reading: reading, working: working, model: model)
    let reports = try run.reports { options in
      options.wantsPrefix = true
      try prefixes.apply(to: &options)
    }
    guard let report = reports.prefix else { return }
    if folded { return try output.writeWhole(Array(report.cut(to: top).foldedStacks.utf8)) }
    switch form.form {
    case .text: try output.writeWhole(Array(report.text(top: top ?? 10, width: terminalWidth).utf8))
    case .json: try output.writeWhole(try jsonDocument(report.cut(to: top)))
    case .csv: try output.writeWhole(report.cut(to: top).csv(defuses: !form.noDefuse))
    }
  }
}
