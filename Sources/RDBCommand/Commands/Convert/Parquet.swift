import ArgumentParser
import RDB
import RDBAnalysis
import RDBColumnar
import RDBFiltering

/// The compression of Parquet files.
enum ParquetCompression: String, CaseIterable, ExpressibleByArgument {
  case zstd, none
}

/// The options about the folder of Parquet files.
struct ParquetArguments: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write into this folder, which must be missing or empty.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @Flag(help: "Write the elements of values, too: one table per type.")
  var values = false

  @Option(help: ArgumentHelp("Compress pages.", valueName: "how"))
  var compression = ParquetCompression.zstd

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("End a part of a prefix after this text. Repeatable.", valueName: "text"))
  var sep: [String] = [":"]

  @Option(
    help: ArgumentHelp(
      "Write nothing: compare this folder with the dumps (exit code 1: it differs).", valueName: "folder"),
    completion: .directory)
  var verify: String?

  func validate() throws {
    guard (output == nil) != (verify == nil) else {
      throw ValidationError(
        output == nil ? "Give -o, or --verify." : "-o and --verify contradict each other: give one.")
    }
    guard sep.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--sep takes at least one character.") }
    if verify != nil, values {
      throw ValidationError("--verify compares values if the folder has them: leave out --values.")
    }
  }
}

/// `rdb parquet`: writes tables of keys and elements as Parquet files.
struct Parquet: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "parquet",
    abstract: "Write keys and elements as Parquet files, for DuckDB, Spark, pandas and others.",
    discussion: """
      keys/ has a row per key. With --values, elements/type=TYPE/ has a row per element. Each dump is a partition \
      dump=NAME. The folder appears when all files are complete; a table of them goes to standard output. --verify reads \
      such a folder, and compares counts and digests per type with those of the dumps.

      Examples:
        rdb parquet dump.rdb -o tables
        rdb parquet shard-*.rdb --values -o tables
        rdb parquet dump.rdb --verify tables
        duckdb -c "SELECT type, sum(memory_bytes) FROM 'tables/keys/**/*.parquet' GROUP BY type"
      """)

  @Argument(
    help: ArgumentHelp(
      "Snapshots, append-only files or their folders, RESP dumps; - for standard input. gzip, zstd, LZ4 too.",
      valueName: "dump"), completion: .file())
  var dumps: [String]

  @OptionGroup(title: "Output") var tables: ParquetArguments
  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if dumps.filter({ $0 == "-" }).count > 1 { throw ValidationError("Only one input can be standard input.") }
  }

  func run() throws {
    let now = try keys.expiry.present
    let inputs = try dumps.map { try reading.open($0, now: now) }
    var names = DumpNames()
    let named = zip(inputs, dumps).map { ($0, names.add($1)) }
    if let verify = tables.verify { return try ParquetCheck(folder: verify).run(named, self) }
    let ending = try LedgerEnding(ledger, keys, working, reading: inputs)
    let folder = try OutputFolder(path: tables.output ?? "")
    var total = ExportTotal()
    do {
      for (input, name) in named { try write(input, name, into: folder, &total) }
    } catch {
      folder.abandon()
      throw error
    }
    try folder.finish()
    try Self.show(total.text)
    try ending.finish(total.ledger, notes: total.notes, end: named.count == 1 ? total.end : nil)
  }

  private func write(
    _ input: InputFile, _ name: String, into folder: OutputFolder, _ total: inout ExportTotal
  ) throws {
    let run = try SnapshotRun(input, reading, keys.damage)
    let origin = run.origin
    var options = ColumnarOptions(model.model(origin, reading.server))
    options.wantsValues = tables.values
    options.compresses = tables.compression == .zstd
    options.prefixes.separators = tables.sep.map { BinaryText(Array($0.utf8)) }
    // Encoding takes longer than reading, for which there is a thread more.
    options.threads = working.threads.count > 1 ? min(working.threads.count, 4) : 0
    options.partNumber = reading.partOf?.number ?? 0
    options.creator = "swift-rdb version \(RDBTool.version)"
    let export = DumpExport(options, in: folder.path, name: name)
    do {
      let result = try run.foldFiltered(by: try keys.options, oneThread) { export.sink() }
      total.files += try export.finish(
        ExportMetadata.pairs(source: name, header: origin.header, end: result.end, result.summary, options))
      total.ledger.merge(result.summary.ledger)
      total.ledger.merge(result.filtered)
      if let end = result.end { total.ledger.merge(end.losses) }
      total.notes += result.notes + (result.end?.notes ?? [])
      total.end = result.end
    } catch {
      export.abandon()
      // A full disk takes precedence over damage: the input may be whole.
      if let failure = export.failure, failure.exitCode == .ioError {
        throw failure.failure(in: folder.shownName)
      }
      throw (error as? RDBError)?.failure(in: folder.shownName) ?? error
    }
  }

  /// The options of reading with one thread: the others encode.
  var oneThread: WorkingArguments {
    var one = working
    one.threads.threads = 1
    return one
  }

  /// Writes a table to standard output.
  static func show(_ text: String) throws {
    let output = try OutputFile(path: "-", keepsPartial: false, inputs: [], form: .lines)
    try output.writeWhole(Array(text.utf8))
  }
}

/// The files and the ledger of all dumps.
private struct ExportTotal {
  var files: [DumpExport.File] = []
  var ledger = Ledger()
  var notes: [String] = []
  var end: SnapshotEnd?

  var text: String {
    var table = TextTable(left: [0], ["file", "rows", "bytes"])
    for file in files {
      table.add([TextTable.Cell(file.path), TextTable.Cell("\(file.rowCount)"), TextTable.Cell("\(file.byteCount)")])
    }
    return table.text
  }
}
