import RDB
import RDBMatching

/// What `resp` and `json` have in common: reading into sinks behind the filters, then finishing the output,
/// reporting, and choosing the exit code.
struct Conversion {
  var output: OutputFile
  var filter: FilterOptions?
  /// Whether options chose keys: then it is worth an exit code if there were none.
  var choosesKeys: Bool
  var threads: ThreadOptions
  var progress: ProgressOptions
  var ledgerOptions: LedgerOptions
  /// Files that must not be written to.
  var inputs: [FileIdentity]

  /// What is left when all is read.
  struct Result<Summary> {
    /// One a worker.
    var summaries: [Summary]
    var keysFiltered: UInt64 = 0
    var notes: [String] = []
    var end: SnapshotEnd?
  }

  /// Reads the snapshot into sinks made by `make`, behind the filters if there are any.
  ///
  /// - Throws: ``Failure``; the output is abandoned.
  func read<S: RunSink>(
    _ run: consuming SnapshotRun, to destination: any ByteDestination,
    make: @escaping (any ByteDestination) throws(RDBError) -> S
  ) throws -> Result<S.Summary> {
    guard let filter else {
      let result = try run.read(
        threads: threads.count, progress: progress, output: output, to: destination, make: make)
      return Result(summaries: result.summaries, end: result.end)
    }
    // A limit counts keys in file order.
    let threads = filter.limit == nil ? threads.count : 1
    let result = try run.read(
      threads: threads, progress: progress, output: output, to: destination
    ) { destination throws(RDBError) in KeyFilter(filter, try make(destination)) }
    return Result(
      summaries: result.summaries.map(\.base),
      keysFiltered: result.summaries.reduce(0) { $0 + $1.keysFiltered },
      notes: result.summaries.flatMap(\.notes), end: result.end)
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
    ledger.keysFiltered += result.keysFiltered
    let report = LedgerReport(
      ledger: ledger, notes: result.notes + (result.end?.notes ?? []), isQuiet: progress.quiet)
    StandardStreams.writeError(report.text)
    try writeLedger(LedgerDocument(report, end: result.end))
    if ledger.hasLosses && !ledgerOptions.lossy { throw Failure(.losses, nil) }
    if choosesKeys && ledger.keysWritten == 0 {
      throw Failure(.nothingMatched, progress.quiet ? nil : "no key matched")
    }
  }

  private func writeLedger(_ document: LedgerDocument) throws {
    guard let path = ledgerOptions.ledger else { return }
    let bytes = try jsonDocument(document)
    let file = try OutputFile(path: path, keepsPartial: false, inputs: inputs)
    try file.writeWhole(bytes)
  }
}
