import ArgumentParser
import RDB
import RDBAnalysis
import RDBReportPage
import RDBSupport

/// The options about the content of a report page.
struct PageArguments: ParsableArguments {
  @Flag(help: "Take several dumps as one keyspace over time, in the order of the times they were written.")
  var overTime = false

  @Flag(help: "Write the figures of the page as JSON.")
  var json = false

  @Flag(help: "Replace the names of keys by tokens, and keep every figure.")
  var redact = false

  @OptionGroup var salt: SaltArguments

  func validate() throws {
    if salt.salt != nil && !redact { throw ValidationError("--salt needs --redact.") }
  }
}

/// `rdb report`: writes one HTML page about a snapshot, or about several.
struct Report: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write one HTML page: where the memory is, what never expires, what to do.",
    discussion: """
      The page is one file that loads nothing, and opens without a network. Several dumps are parts of one keyspace, \
      such as the shards of a cluster, unless --over-time is given. Times are counted from --now, or from the time each \
      dump was written.

      Examples:
        rdb report dump.rdb -o report.html
        rdb report shard-*.rdb -o cluster.html
        rdb report monday.rdb tuesday.rdb --over-time -o week.html
        rdb report dump.rdb --redact -o to-send.html
      """)

  @Argument(
    help: ArgumentHelp(
      "The snapshots to read, or - for standard input. gzip, zstd and LZ4 are decompressed.",
      valueName: "dump"), completion: .file())
  var dumps: [String]

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Page") var page: PageArguments
  @OptionGroup(title: "Prefixes") var prefixes: PrefixArguments
  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if page.overTime && dumps.count < 2 { throw ValidationError("--over-time takes at least 2 dumps.") }
  }

  func run() throws {
    let inputs = try dumps.map { try reading.open($0, now: try keys.expiry.present) }
    let output = try OutputFile(
      path: output.output, keepsPartial: output.keepPartial, inputs: inputs.flatMap(\.identities),
      indexes: inputs.compactMap(\.indexPath), form: page.json ? .json : nil)
    if !page.json && output.isTerminal {
      throw Failure(.usage, "a page is not for a terminal", hint: "Give -o FILE, or --json.")
    }
    var builder = ReportBuilder(
      ReportBuilder.Options(isOverTime: page.overTime, redaction: try redaction()))
    let names = Self.names(inputs)
    for (input, name) in zip(inputs, names) {
      let run = ReportRun(input: input, keys: keys, reading: reading, working: working, model: model)
      let result = try run.read { options in
        ReportBuilder.choose(&options)
        try prefixes.apply(to: &options)
      }
      builder.add(DumpRow(name, result), result.reports)
    }
    // The address of a server may have a password.
    let paths = zip(inputs, dumps).map { $1.contains("://") ? $0.shownName : $1 }
    let lines = StepCommand(paths: page.redact ? names : paths)
    guard let document = builder.finish(command: lines.text) else { return }
    try output.writeWhole(page.json ? try jsonDocument(document) : ReportPage(document).html)
  }

  private func redaction() throws -> NameRedaction? {
    guard page.redact else { return nil }
    var options = KeyReports.Options(reference: .now)
    try prefixes.apply(to: &options)
    return NameRedaction(salt: try page.salt.given ?? SaltArguments.random, options.prefix)
  }

  /// The last parts of the paths, or the paths if two of these are the same.
  private static func names(_ inputs: [InputFile]) -> [String] {
    let paths = inputs.map(\.shownName)
    let names = paths.map { path in String(path.split(separator: "/").last ?? Substring(path)) }
    return Set(names).count == names.count ? names : paths
  }
}

extension DumpRow {
  /// A row without its sums.
  init(_ name: String, _ result: ReportRun.Reading) {
    let origin = result.origin
    let server =
      origin.dialect?.rawValue
      ?? origin.writer.map { ($0.vendor == .valkey ? "Valkey " : "Redis ") + "\($0.major).\($0.minor)" }
    let checksum: String? =
      switch result.end?.checksum {
      case .verified: "checksum right"
      case .disabled, .absent: "no checksum"
      case .ignored: "checksum not compared"
      case nil: nil
      }
    self.init(
      name: name, server: server, version: Int(origin.header.version), writtenMilliseconds: origin.ctime?.value,
      checksum: checksum)
  }
}
