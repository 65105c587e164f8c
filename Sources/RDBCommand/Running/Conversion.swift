import RDB
import RDBFiltering

/// What commands that write every key have in common: reading into sinks behind the filters, then finishing the output,
/// reporting, and choosing the exit code.
struct Conversion {
  let output: OutputFile
  private let ledgerFile: OutputFile?
  private let isLossy: Bool
  private let filter: FilterOptions?
  /// Whether options chose keys: then it is worth an exit code if there were none.
  private let choosesKeys: Bool
  private let working: WorkingArguments

  /// Opens the files to be written; none of them gets its name before all is well.
  ///
  /// - Parameter form: What a terminal needs escapes in.
  /// - Throws: ``Failure``.
  init(
    of input: InputFile, to output: OutputOptions, _ form: TerminalText.Form?, _ ledger: LedgerOptions,
    _ keys: KeyArguments, _ working: WorkingArguments
  ) throws {
    if ledger.ledger == output.output {
      throw Failure(.usage, "-o and --ledger name the same file", hint: "Give one of them another name.")
    }
    filter = try keys.options
    choosesKeys = keys.chooses
    isLossy = ledger.lossy
    self.working = working
    self.output = try output.open(reading: input, form)
    ledgerFile = try ledger.ledger.map {
      try OutputFile(path: $0, keepsPartial: false, reading: input, form: .json)
    }
  }

  /// What is left when all is read.
  struct Result<Summary> {
    /// One a worker.
    var summaries: [Summary]
    /// What the filters kept back, and left out.
    var filtered = Ledger()
    var notes: [String] = []
    var end: SnapshotEnd?
  }

  /// Reads the snapshot into sinks made by `make`, behind the filters if there are any.
  ///
  /// - Throws: ``Failure``; the output is abandoned.
  func read<S: RunSink & ~Copyable>(
    _ run: consuming SnapshotRun, to destination: any ByteDestination,
    make: @escaping (any ByteDestination) throws(RDBError) -> S
  ) throws -> Result<S.Summary> {
    try run.read(behind: filter, working, output: output, to: destination, make: make)
  }

  /// Finishes the output and reports.
  ///
  /// - Parameter closing: Writes what belongs behind everything else.
  /// - Throws: ``Failure``, also when the output is complete but lacks something.
  func finish<Summary>(
    _ ledger: Ledger, _ result: Result<Summary>, closing: () throws(RDBError) -> Void = {}
  ) throws {
    do throws(RDBError) {
      try closing()
      try output.finish()
    } catch {
      output.abandon()
      throw error.failure(in: output.shownName, isOutput: true)
    }
    var ledger = ledger
    ledger.merge(result.filtered)
    let report = LedgerReport(
      ledger: ledger, notes: result.notes + (result.end?.notes ?? []), isQuiet: working.progress.quiet)
    StandardStreams.writeError(report.text)
    try ledgerFile?.writeWhole(try jsonDocument(LedgerDocument(report, end: result.end)))
    if ledger.hasLosses && !isLossy { throw Failure(.losses, nil) }
    // What was chosen and then lost, with --lossy, did match.
    if choosesKeys && ledger.keysRead == ledger.keysFiltered {
      throw Failure(.nothingMatched, working.progress.quiet ? nil : "no key matched")
    }
  }
}

extension SnapshotRun {
  /// Reads all of it into sinks, behind the filters if there are any.
  ///
  /// - Throws: ``Failure``; the output is abandoned.
  consuming func read<S: RunSink & ~Copyable>(
    behind filter: FilterOptions?, _ working: WorkingArguments, output: OutputFile?,
    to destination: any ByteDestination, make: @escaping (any ByteDestination) throws(RDBError) -> S
  ) throws -> Conversion.Result<S.Summary> {
    guard let filter else {
      let result = try read(
        threads: working.threads.count, progress: working.progress, output: output, to: destination, make: make)
      return Conversion.Result(summaries: result.summaries, end: result.end)
    }
    // A limit counts keys in file order.
    let threads = filter.limit == nil ? working.threads.count : 1
    let result = try read(threads: threads, progress: working.progress, output: output, to: destination) {
      destination throws(RDBError) in KeyFilter(filter, base: try make(destination))
    }
    let isCut = result.summaries.contains { $0.limitReached }
    return Conversion.Result(
      summaries: result.summaries.map(\.base),
      filtered: result.summaries.reduce(into: Ledger()) { $0.merge($1.ledger) },
      notes: isCut ? ["stopped by --limit: the rest was not read, and the checksum not verified"] : [],
      end: result.end)
  }
}
