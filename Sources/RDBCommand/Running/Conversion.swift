import RDB
import RDBFiltering

/// The run of a command that writes every key: reads through the filter into sinks, finishes the output, writes the
/// ledger, and chooses the exit code.
struct Conversion {
  let output: OutputFile
  private let ending: LedgerEnding
  private let filter: FilterOptions?
  private let working: WorkingArguments

  /// Opens the output files. They get their final names only when the run succeeds.
  ///
  /// - Parameter form: The form in which a terminal gets escapes; `nil` for none.
  /// - Throws: ``Failure``.
  init(
    of input: InputFile, to output: OutputOptions, _ form: TerminalText.Form?, _ ledger: LedgerOptions,
    _ keys: KeyArguments, _ working: WorkingArguments
  ) throws {
    if ledger.ledger == output.output {
      throw Failure(.usage, "-o and --ledger name the same file", hint: "Give one of them another name.")
    }
    filter = try keys.options
    self.working = working
    self.output = try output.open(reading: input, form)
    ending = try LedgerEnding(ledger, keys, working, reading: [input])
  }

  /// The result of reading.
  struct Result<Summary> {
    /// The merged summary of all workers.
    var summary: Summary
    /// The keys and parts that the filter left out.
    var filtered = Ledger()
    var notes: [String] = []
    var end: SnapshotEnd?
  }

  /// Reads the snapshot into sinks made by `make`, through the filter if there is one.
  ///
  /// - Throws: ``Failure``, after abandoning the output.
  func read<S: OutputSink & ~Copyable>(
    _ run: consuming SnapshotRun, to destination: any ByteDestination,
    makeSink: (any ByteDestination) throws -> S
  ) throws -> Result<S.Summary> {
    try run.writeFiltered(by: filter, working, output: output, to: [destination]) { try makeSink($0[0]) }
  }

  /// Finishes the output and writes the ledger.
  ///
  /// - Parameter closing: Writes the end of the output.
  /// - Throws: ``Failure``, also if the output is complete but lacks something.
  func finish<Summary>(
    _ ledger: Ledger, _ result: Result<Summary>, closing: () throws -> Void = {}
  ) throws {
    do {
      try closing()
      try output.finish()
    } catch {
      output.abandon()
      throw RDBError.transfer("write", error, at: 0).failure(in: output.shownName)
    }
    var ledger = ledger
    ledger.merge(result.filtered)
    if let end = result.end { ledger.merge(end.losses) }
    try ending.finish(ledger, notes: result.notes + (result.end?.notes ?? []), end: result.end)
  }
}

extension SnapshotRun {
  /// Reads the whole snapshot into sinks with output, through the filter if there is one.
  ///
  /// - Throws: ``Failure``, after abandoning the output.
  consuming func writeFiltered<S: OutputSink & ~Copyable>(
    by filter: FilterOptions?, _ working: WorkingArguments, output: OutputFile?,
    to destinations: [any ByteDestination], makeSink: ([any ByteDestination]) throws -> S
  ) throws -> Conversion.Result<S.Summary> {
    guard let filter else {
      return Conversion.Result(
        try write(
          threads: working.threads.count, progress: working.progress, output: output, to: destinations,
          makeSink: makeSink))
    }
    let threads = Self.threads(filter, working)
    return Conversion.Result(
      try write(threads: threads, progress: working.progress, output: output, to: destinations) {
        KeyFilter(filter, base: try makeSink($0))
      })
  }

  /// Reads the whole snapshot into sinks without output, through the filter if there is one.
  ///
  /// - Throws: ``Failure``.
  consuming func foldFiltered<S: FoldingSink & ~Copyable>(
    by filter: FilterOptions?, _ working: WorkingArguments, makeSink: () throws -> S
  ) throws -> Conversion.Result<S.Summary> {
    let threads = filter.map { Self.threads($0, working) } ?? working.threads.count
    return try foldFiltered(by: filter, threads: threads, working.progress, makeSink: makeSink)
  }

  /// Reads the whole snapshot into sinks without output, through the filter if there is one.
  ///
  /// - Parameter threads: The number of threads: one, if the filter has a limit.
  /// - Throws: ``Failure``.
  consuming func foldFiltered<S: FoldingSink & ~Copyable>(
    by filter: FilterOptions?, threads: Int, _ progress: ProgressOptions, makeSink: () throws -> S
  ) throws -> Conversion.Result<S.Summary> {
    guard let filter else {
      return Conversion.Result(try fold(threads: threads, progress: progress, makeSink: makeSink))
    }
    return Conversion.Result(
      try fold(threads: threads, progress: progress) {
        KeyFilter(filter, base: try makeSink())
      })
  }

  /// One thread if there is a limit, which counts keys in file order.
  private static func threads(_ filter: FilterOptions, _ working: WorkingArguments) -> Int {
    filter.limit == nil ? working.threads.count : 1
  }
}

extension Conversion.Result where Summary: MergeableSummary {
  init(_ result: ReadResult<Summary>) { self.init(summary: result.summary, end: result.end) }

  init(_ result: ReadResult<FilterSummary<Summary>>) {
    let isCut = result.summary.limitReached
    self.init(
      summary: result.summary.base, filtered: result.summary.ledger,
      notes: isCut ? ["stopped by --limit: the rest was not read, and the checksum not verified"] : [],
      end: result.end)
  }
}
