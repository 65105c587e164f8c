import RDB
import RDBAnalysis
import RDBFormat
import RDBFiltering

/// The run of a command that makes reports: reads a snapshot through the filter, and merges the reports of the workers.
struct ReportRun {
  let input: InputFile
  let keys: KeyArguments
  let reading: ReadingOptions
  let working: WorkingArguments
  let model: ModelArguments

  /// Reads the snapshot into the reports that `configure` chooses.
  ///
  /// - Parameter configure: Chooses the reports.
  /// - Throws: ``Failure``, also if options choose keys and there are none.
  func reports(
    _ configure: (inout KeyReports.Options) throws -> Void
  ) throws -> KeyReports {
    try read(configure).reports
  }

  /// The reports of a snapshot, and its beginning and end.
  struct Reading {
    let reports: KeyReports
    let origin: SnapshotOrigin
    let end: SnapshotEnd?
  }

  /// The same as ``reports(_:)``, with the beginning and the end of the snapshot.
  func read(_ configure: (inout KeyReports.Options) throws -> Void) throws -> Reading {
    let run = try SnapshotRun(input, reading, keys.damage)
    var options = KeyReports.Options(reference: try reference(of: run.origin))
    try configure(&options)
    let origin = run.origin
    let model = model.model(origin, reading.server)
    let result = try run.foldFiltered(by: try keys.options, working) {
      MemorySink(model, to: try KeyReportsReceiver(options))
    }
    var reports = result.summary
    try countExactValues(of: &reports)
    try report(result, count: reports.keyCount)
    return Reading(reports: reports, origin: origin, end: result.end)
  }

  /// Writes losses and remarks to standard error. Losses decide the exit code once the command has written its output.
  ///
  /// - Throws: ``Failure``, if options choose keys and there are none.
  func report<Summary>(_ result: Conversion.Result<Summary>, count: UInt64) throws {
    var losses = result.filtered
    if let end = result.end { losses.merge(end.losses) }
    InputLosses.report(losses)
    if !working.progress.quiet {
      StandardStreams.writeError(result.notes.map { "rdb: note: \($0)\n" }.joined())
    }
    if keys.chooses, count == 0 {
      throw Failure(.nothingMatched, working.progress.quiet ? nil : "no key matched")
    }
  }

  func countExactValues(of reports: inout KeyReports) throws {
    do throws(RDBError) { try reports.countExactValues() } catch {
      throw error.failure(in: "temporary files")
    }
  }

  /// The time that expiries are compared with: `--now`, else the time the snapshot was written, else the current time.
  func reference(of origin: SnapshotOrigin) throws -> UnixMilliseconds {
    if keys.expiry.now != nil { return try keys.expiry.present }
    return origin.ctime ?? .now
  }
}

extension SnapshotOrigin {
  /// The AUX field `ctime`: the time at which the server wrote the snapshot, in seconds since 1970.
  var ctimeSeconds: UInt64? {
    let field = auxFields.first { $0.name.elementsEqual("ctime".utf8) }
    return field.flatMap { UInt64(String(decoding: $0.value, as: UTF8.self)) }
  }

  /// The same time, if it is one that a server can have written.
  var ctime: UnixMilliseconds? {
    guard let seconds = ctimeSeconds, seconds > 0, seconds < UInt64(Int64.max / 1000) else { return nil }
    return UnixMilliseconds(Int64(seconds) * 1000)
  }
}
