import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBReplay
import RDBSupport
import RedisTransfer

/// The load of a file of commands that needs no replaying, because it only sets strings, each key once.
struct DirectLoad {
  let file: SetCommandFile
  private let reading: LoadReading
  private let byteCount: UInt64?
  private let memoryByteCount: UInt64

  /// Reads the input once.
  ///
  /// - Parameter model: The model that estimates the memory of the keys; `nil`: nothing depends on it.
  /// - Returns: `nil` if the input, or an option, needs more than that.
  /// - Throws: ``Failure``.
  init?(_ input: InputFile, _ command: Load, _ reading: LoadReading, _ model: ServerModel?) throws {
    guard let parts = input.replayed?.parts, parts.count == 1, reading.filter == nil, command.reading.log.isPlain,
      command.reading.server == nil, !reading.reader.parser.findsHyperLogLogs
    else { return nil }
    var conditions = SetCommandFile.Conditions()
    conditions.stringByteCount = command.reading.maxString.byteCount
    self.reading = reading
    do {
      let open = parts[0].open
      let source = try open()
      guard source.canSeek else { return nil }
      byteCount = source.totalByteCount
      var estimate = model.map { MemoryEstimate($0) }
      var memoryByteCount: UInt64 = 0
      let file = try SetCommandFile(reading.sink, conditions, { AheadSource(try open(), from: 0) }) {
        guard estimate != nil else { return }
        estimate?.begin(.string, keyByteCount: $0, expires: $2)
        estimate?.string(byteCount: UInt64($1.byteCount), isInteger: DecimalText.parseCanonical($1) != nil)
        memoryByteCount += estimate?.finish().byteCount ?? 0
      }
      guard let file else { return nil }
      (self.file, self.memoryByteCount) = (file, memoryByteCount)
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
  }

  /// The result of the reading: each key can be written.
  var result: LoadReading.Result {
    var ledger = Ledger()
    (ledger.keysRead, ledger.keysWritten) = (file.keyCount, file.keyCount)
    return LoadReading.Result(ledger: ledger, notes: [], end: nil, needs: LoadNeeds(memoryByteCount: memoryByteCount))
  }

  /// The number of commands, if nothing seals the file.
  var unsealedCommandCount: UInt64? { file.isSealed ? nil : file.commandCount }

  /// Sends all keys, and waits until all of them are safe.
  ///
  /// - Parameter count: The number of keys at the beginning that are not sent.
  /// - Throws: `RDBError`, `LoadStop` or `TransferError`.
  func send(to loader: any KeyLoader, skipping count: UInt64) throws {
    let progress = ByteCounter()
    let line = reading.working.progress.start(
      ProgressLine.Position(read: { Int(clamping: progress.value) }, total: byteCount))
    defer { line?.end() }
    let cutter = KeyCutter(limits: reading.limits) { unit in try loader.send(unit) }
    cutter.resume(skipping: count)
    try file.write(to: cutter, progress)
    try cutter.finish()
    try loader.finish()
  }
}

extension LogArguments {
  /// Whether no option changes what commands do, or which of them count.
  fileprivate var isPlain: Bool {
    engine == nil && untilTime == nil && untilOffset == nil && renameCommand.isEmpty && !allowTruncated
  }
}
