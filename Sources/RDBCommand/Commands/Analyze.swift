import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert
import RDBSupport

/// Where a folder of reports goes.
struct FolderOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"),
    completion: .directory)
  var output: String
}

/// `rdb analyze`: any set of reports from one reading, of one dump or of several.
struct Analyze: WorkingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write any set of reports, each as JSON and CSV, from one reading of one dump or several.",
    discussion: """
      Reports: keys, memory (a row for each key), prefix, ttl, stats, bigkeys. Several dumps, such as the shards of a \
      cluster, make one report of each kind. ExpirySummary are counted from --now, or from the time each dump was written.

      Examples:
        rdb analyze dump.rdb -o reports
        rdb analyze shard-*.rdb --reports prefix,ttl,stats -o reports
        rdb analyze dump.rdb --reports memory,stats -o reports && duckdb -c "FROM 'reports/memory.csv' LIMIT 5"
      """)

  @Argument(
    help: ArgumentHelp(
      "The snapshots; - is standard input. gzip, zstd and LZ4 are recognised by their first bytes.",
      valueName: "dump"), completion: .file())
  var dumps: [String]

  @OptionGroup(title: "Output") var folder: FolderOptions

  @Option(
    help: ArgumentHelp(
      "Which reports, with commas or repeated: \(ReportName.allCases.map(\.rawValue).joined(separator: ", ")), or all.",
      valueName: "names"),
    completion: .list(ReportName.allCases.map(\.rawValue) + ["all"]))
  var reports: [String] = ["all"]

  @Flag(help: "Leave CSV cells that a spreadsheet would take for a formula as they are, without a ' before them.")
  var noDefuse = false

  @Option(help: ArgumentHelp("How bytes become text in tables of JSON.", valueName: "how"))
  var strings = JSONOptions.Strings.utf8

  @Option(help: ArgumentHelp("How many keys bigkeys has by each measure and of each type.", valueName: "n"))
  var top = 16

  @Option(
    help: ArgumentHelp(
      "Count repeated values exactly, of a single dump, in temporary files in this folder.", valueName: "folder"),
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
    let inputs = try dumps.map { try InputFile(path: $0) }
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
    for (number, name) in tables.enumerated() { try files[2 * number].write(AnalysisReceiver.head(name)) }
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
    let run = try SnapshotRun(input, reading)
    var options = KeyReports.Options(reference: try report.reference(of: run.origin))
    try choose(names, &options)
    options.exactValues = try temp.map { try Stats.exactValues(working.threads.count, $0) }
    let model = model.model(run.origin)
    let shape = AnalysisReceiver.Tables(names: tables, defuses: !noDefuse, strings: strings)
    let result: Conversion.Result<KeyReports>
    do {
      result = try run.write(behind: try keys.options, working, output: nil, to: files) { destinations in
        MemorySink(model, to: try AnalysisReceiver(options, shape, to: destinations))
      }
    } catch {
      for file in files {
        if let failure = file.failure { throw failure.failure(in: file.shownName, isOutput: true) }
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

extension OutputFile {
  /// Writes text, and leaves the file open.
  func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    try write(bytes)
  }

  func write(_ bytes: [UInt8]) throws {
    do throws(RDBError) {
      try write(bytes.span.bytes, followedBy: RawSpan())
    } catch {
      abandon()
      throw error.failure(in: shownName, isOutput: true)
    }
  }

  /// ``finish()``, in the words of the command.
  func finishOrFail() throws {
    do throws(RDBError) { try finish() } catch {
      abandon()
      throw error.failure(in: shownName, isOutput: true)
    }
  }
}
