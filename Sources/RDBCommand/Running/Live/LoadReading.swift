import RDB
import RDBConvert
import RDBFiltering
import RedisTransfer

/// A way to read an input for a load: which keys pass, and which commands they become.
struct LoadReading {
  let reader: RDBReader.Options
  /// The filter; `nil`: all keys pass unchanged.
  let filter: FilterOptions?
  var sink: RESPOptions
  let limits: KeyCutter.Limits
  let working: WorkingArguments

  /// The result of reading a whole input.
  struct Result {
    var ledger: Ledger
    var notes: [String]
    var end: SnapshotEnd?
    /// Without an estimate of the memory.
    var needs = LoadNeeds()
  }

  /// Reads the whole input as for the load, but writes nothing.
  ///
  /// - Throws: ``Failure``.
  func survey(_ input: InputFile) throws -> Result {
    let run = try SnapshotRun(input, reader)
    let result = try run.writeFiltered(by: filter, working, output: nil, to: [DiscardingDestination()]) {
      LoadNeedsSink(RESPSink(sink, to: $0[0]))
    }
    return Result(
      ledger: ledger(result.summary.base.ledger, result.filtered, result.end),
      notes: result.notes + (result.end?.notes ?? []), end: result.end, needs: result.summary.needs)
  }

  private func ledger(_ written: Ledger, _ filtered: Ledger, _ end: SnapshotEnd?) -> Ledger {
    var ledger = written
    ledger.merge(filtered)
    if let end { ledger.merge(end.losses) }
    return ledger
  }

  /// Reads the whole input, and writes the commands with marks.
  ///
  /// - Throws: ``Failure``, or an error of the destination.
  func write(_ input: InputFile, to destination: any ByteDestination) throws -> Result {
    let run = try SnapshotRun(input, reader)
    let result = try run.writeFiltered(by: filter, working, output: nil, to: [destination]) {
      RESPSink(sink, to: $0[0])
    }
    return Result(
      ledger: ledger(result.summary.ledger, result.filtered, result.end),
      notes: result.notes + (result.end?.notes ?? []), end: result.end)
  }

  /// Reads the whole input, sends its keys, and waits until all of them are safe.
  ///
  /// - Parameter count: The number of keys at the beginning that are not sent.
  /// - Throws: ``Failure``, `LoadStop` or `TransferError`.
  @discardableResult
  func send(_ input: InputFile, to loader: any KeyLoader, skipping count: UInt64 = 0) throws -> Result {
    let cutter = KeyCutter(limits: limits) { unit in try loader.send(unit) }
    cutter.resume(skipping: count)
    let result = try write(input, to: cutter)
    try cutter.finish()
    try loader.finish()
    return result
  }
}

extension SendingArguments {
  /// The sizes of units, which are at most a tenth of what may be sent in a second.
  var unitLimits: KeyCutter.Limits {
    var limits = KeyCutter.Limits()
    if let maxRate { limits.byteCount = min(limits.byteCount, Int(clamping: max(maxRate.byteCount / 10, 1))) }
    if let maxKeys { limits.commandCount = min(limits.commandCount, Int(clamping: max(maxKeys / 10, 1))) }
    return limits
  }
}
