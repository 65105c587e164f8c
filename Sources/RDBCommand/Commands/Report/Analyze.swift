import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert
import RDBSupport

/// The option about the folder of reports.
struct FolderOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write into this folder, which is created if it is missing.", valueName: "folder"),
    completion: .directory)
  var output: String
}

/// `rdb analyze`: writes several reports in one pass, of one dump or of several.
struct Analyze: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Write several reports in one pass, each as JSON and CSV.",
    discussion: """
      Reports: keys and memory (a row per key), prefix, ttl, stats, bigkeys. Several dumps, such as the shards of a \
      cluster, make one report of each kind. Times are counted from --now, or from the time each dump was written.

      Examples:
        rdb analyze dump.rdb -o reports
        rdb analyze shard-*.rdb --reports prefix,ttl,stats -o reports
        rdb analyze dump.rdb --reports memory,stats -o reports && duckdb -c "FROM 'reports/memory.csv' LIMIT 5"
      """)

  @Argument(
    help: ArgumentHelp(
      "The snapshots to read, or - for standard input. gzip, zstd and LZ4 are decompressed.",
      valueName: "dump"), completion: .file())
  var dumps: [String]

  @OptionGroup(title: "Output") var folder: FolderOptions

  @Option(
    help: ArgumentHelp(
      "Write these reports, separated by commas, or all. Repeatable.",
      valueName: "names"),
    completion: .list(ReportName.allCases.map(\.rawValue) + ["all"]))
  var reports: [String] = ["all"]

  @Flag(help: "Write no ' before CSV cells that a spreadsheet would take for a formula.")
  var noDefuse = false

  @Option(help: ArgumentHelp("Write strings in JSON tables in this form.", valueName: "how"))
  var strings = JSONOptions.Strings.utf8

  @Option(help: ArgumentHelp("Rank n keys per measure and type in bigkeys.", valueName: "n"))
  var top = 16

  @Option(
    help: ArgumentHelp(
      "Count repeated values of one dump exactly, with temporary files in this folder.", valueName: "folder"),
    completion: .directory)
  var temp: String?

  @OptionGroup(title: "Prefixes") var prefixes: PrefixArguments
  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    _ = try names
    guard (1...1_000_000).contains(top) else {
      throw ValidationError("--top takes 1 to 1000000 keys, not \(top).")
    }
    if temp != nil && dumps.count > 1 { throw ValidationError("--temp takes one dump, not \(dumps.count).") }
  }

  private var names: Set<ReportName> {
    get throws {
      var names: Set<ReportName> = []
      for text in reports.flatMap({ $0.split(separator: ",") }) {
        if text == "all" {
          names.formUnion(ReportName.allCases)
        } else if let name = ReportName(rawValue: String(text)) {
          names.insert(name)
        } else {
          let known = ReportName.allCases.map(\.rawValue).joined(separator: ", ")
          throw ValidationError("--reports: expected some of \(known) or all, found \(printable(text.utf8)).")
        }
      }
      return names
    }
  }

  func run() throws {
    let names = try names
    let inputs = try dumps.map { try reading.open($0, now: try keys.expiry.present) }
    let identities = inputs.flatMap(\.identities)
    let folder = ReportFolder(path: folder.output)
    try folder.create()
    let tables = ReportName.allCases.filter { $0.isTable && names.contains($0) }
    let files = try tables.flatMap { name in
      [
        try folder.output(name.csvName, inputs: identities),
        try folder.output(name.jsonName, inputs: identities),
      ]
    }
    for (number, name) in tables.enumerated() { try files[2 * number].writeHead(AnalysisReceiver.head(name)) }
    var all: KeyReports?
    for input in inputs {
      let reports = try analyze(input, names, tables, files)
      if all == nil { all = reports } else { all?.merge(reports) }
    }
    guard let all else { return }
    for file in files { try file.finishOrFail() }
    try folder.write(all, defuses: !noDefuse, inputs: identities)
  }

  private func analyze(
    _ input: InputFile, _ names: Set<ReportName>, _ tables: [ReportName], _ files: [OutputFile]
  ) throws -> KeyReports {
    let report = ReportRun(input: input, keys: keys, reading: reading, working: working, model: model)
    let run = try SnapshotRun(input, reading, keys.damage)
    var options = KeyReports.Options(reference: try report.reference(of: run.origin))
    try choose(names, &options)
    options.exactValues = try temp.map { try Stats.exactValues(working.threads.count, $0) }
    let model = model.model(run.origin, reading.server)
    let shape = AnalysisReceiver.Tables(names: tables, defuses: !noDefuse, strings: strings)
    let result: Conversion.Result<KeyReports>
    do {
      result = try run.writeFiltered(by: try keys.options, working, output: nil, to: files) { destinations in
        MemorySink(model, to: try AnalysisReceiver(options, shape, to: destinations))
      }
    } catch {
      for file in files {
        if let failure = file.failure { throw failure.failure(in: file.shownName) }
      }
      throw error
    }
    var reports = result.summary
    try report.countExactValues(of: &reports)
    try report.report(result, count: .max)
    return reports
  }

  private func choose(_ names: Set<ReportName>, _ options: inout KeyReports.Options) throws {
    options.wantsPrefix = names.contains(.prefix)
    options.wantsTTL = names.contains(.ttl)
    options.wantsStats = names.contains(.stats)
    if names.contains(.bigkeys) { options.measures = TopReport.Measure.allCases }
    options.topLimit = top
    try prefixes.apply(to: &options)
  }
}
