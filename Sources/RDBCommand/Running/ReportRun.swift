import RDB
import RDBAnalysis
import RDBFormat
import RDBFiltering

/// Reading a snapshot into reports, behind the filters.
struct ReportRun {
  let input: InputFile
  let keys: KeyArguments
  let reading: ReadingOptions
  let working: WorkingArguments
  let model: ModelArguments

  /// Reads it, and merges what the workers found.
  ///
  /// - Parameter configure: Chooses the reports.
  /// - Throws: ``Failure``; also if options chose keys and there were none.
  func reports(
    _ configure: (inout KeyReports.Options) throws -> Void
  ) throws -> KeyReports {
    let run = try SnapshotRun(input, reading)
    var options = KeyReports.Options(reference: try reference(of: run.origin))
    try configure(&options)
    let model = model.model(run.origin)
    let result = try run.fold(behind: try keys.options, working) {
      MemorySink(model, to: try KeyReportsReceiver(options))
    }
    var reports = result.summary
    try countExactValues(of: &reports)
    try report(result, count: reports.keyCount)
    return reports
  }

  /// Says what somebody should know, and fails where nothing matched.
  func report<Summary>(_ result: Conversion.Result<Summary>, count: UInt64) throws {
    if !working.progress.quiet {
      StandardStreams.writeError(result.notes.map { "rdb: note: \($0)\n" }.joined())
    }
    if keys.chooses, count == 0 {
      throw Failure(.nothingMatched, working.progress.quiet ? nil : "no key matched")
    }
  }

  func countExactValues(of reports: inout KeyReports) throws {
    do throws(RDBError) { try reports.countExactValues() } catch {
      throw error.failure(in: "temporary files", isOutput: true)
    }
  }

  /// The time that decides what has expired: of `--now`, else when the dump was written, else the present.
  func reference(of origin: SnapshotOrigin) throws -> UnixMilliseconds {
    if keys.expiry.now != nil { return try keys.expiry.present }
    return origin.ctime ?? .now
  }
}

extension KeyReports {
  /// Keys that were counted, as any of the reports says.
  var keyCount: UInt64 {
    if let stats { return stats.total.keys }
    if let prefix { return prefix.nodes.first?.summary.keys ?? 0 }
    if let ttl { return ttl.prefixes.nodes.first?.summary.keys ?? 0 }
    return top?.types.values.reduce(0) { $0 + $1.keys } ?? 0
  }
}

extension SnapshotOrigin {
  /// When the server says it wrote this.
  var ctime: UnixMilliseconds? {
    let field = auxFields.first { $0.name.elementsEqual("ctime".utf8) }
    let seconds = field.flatMap { Int64(String(decoding: $0.value, as: UTF8.self)) }
    guard let seconds, seconds > 0, seconds < Int64.max / 1000 else { return nil }
    return UnixMilliseconds(seconds * 1000)
  }
}
