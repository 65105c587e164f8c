import ArgumentParser
import RDB
import RDBAnalysis
import RDBEdit
import RDBFormat

/// `rdb diff`: shows what changed from one snapshot to another.
struct Diff: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show which keys differ between two snapshots, and what changed inside.",
    discussion: """
      Values are compared by their data, not by how they are stored: dumps of different servers, append-only files and \
      compressed files can be compared with each other. The times at which consumers of a stream were last seen, and \
      the LRU and LFU data of keys, are not compared.

      Removed (-) and changed (~) keys come in the order of BEFORE, then added keys (+) in the order of AFTER. Sizes \
      are bytes of data: names of members and fields, values and elements, 8 per score and 16 per stream entry.

      Exit code: 0 if there is no difference, 1 if there are any.

      Examples:
        rdb diff monday.rdb tuesday.rdb
        rdb diff dump.rdb appendonlydir --keys-only
        rdb diff old.rdb.gz - --ignore-expiry --json <new.rdb | jq '.summary'
        rdb diff dump.rdb redis://127.0.0.1:6379
        rdb diff old.rdb new.rdb --pattern 'user:*' --max-changes 5 --csv -o c.csv
      """)

  @Argument(
    help: ArgumentHelp(
      "The first snapshot, append-only file or its folder, RESP dump, or redis:// address; - for standard input.",
      valueName: "before"),
    completion: .file())
  var before: String

  @Argument(help: ArgumentHelp("The second one; - for standard input.", valueName: "after"), completion: .file())
  var after: String

  @Flag(help: "Report which keys differ, not what changed inside.")
  var keysOnly = false

  @Flag(help: "Do not compare the expiries of keys and fields.")
  var ignoreExpiry = false

  @Option(
    help: ArgumentHelp(
      "Report at most n changes inside a key, up to \(ComparisonOptions.largestChangeLimit), and count the others.",
      valueName: "n"))
  var maxChanges = 100

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments

  @Option(
    help: ArgumentHelp(
      "Show the growth of at most n prefixes, largest first. Default: 10 in text, else all.", valueName: "n"))
  var top: Int?

  @OptionGroup(title: "Prefixes") var prefixes: PrefixArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if before == "-", after == "-" { throw ValidationError("Only one of the two inputs can be standard input.") }
    guard (0...ComparisonOptions.largestChangeLimit).contains(maxChanges) else {
      throw ValidationError(
        "--max-changes takes 0 to \(ComparisonOptions.largestChangeLimit), not \(maxChanges).")
    }
    if let top, top < 0 { throw ValidationError("--top takes a number from 0 on, not \(top).") }
  }

  func run() throws {
    var options = ComparisonOptions()
    options.keysOnly = keysOnly
    options.ignoresExpiries = ignoreExpiry
    options.changeLimit = maxChanges
    options.workers = working.threads.count
    let now = try keys.expiry.present
    let inputs = try [before, after].map { try ComparedInput($0, reading, now: now) }
    let run = try ComparisonRun(inputs, options, keys, reading, working)
    let output = try OutputFile(
      path: output.output, keepsPartial: output.keepPartial, inputs: run.identities, indexes: run.indexes,
      form: form.form.onTerminal)
    let differs = try run.compare(to: output, form, top: top, try growth)
    if run.keyCount == 0, keys.chooses {
      throw Failure(.nothingMatched, working.progress.quiet ? nil : "no key matched")
    }
    if differs, !InputLosses.wereReported { throw Failure(.nothingMatched, nil) }
  }

  /// Makes the sums by prefix.
  private var growth: () throws -> PrefixGrowth {
    get throws {
      var reports = KeyReports.Options(reference: .now)
      try prefixes.apply(to: &reports)
      return { [reports] in PrefixGrowth(reports.prefix, template: try reports.template?()) }
    }
  }
}
