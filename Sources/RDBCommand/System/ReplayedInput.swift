import RDB
import RDBCompression
import RDBFormat
import RDBReplay

/// A command file, or a folder of them, that is replayed: its keyspace is read as a snapshot.
final class ReplayedInput {
  /// The snapshot of the keyspace.
  let source: ReplaySource
  private let opened: Opened
  /// The bytes of all files; `nil` if they are not known.
  private let totalByteCount: UInt64?

  /// The log that is open: a log larger than memory is opened several times.
  private final class Opened {
    var log: CommandLog?
    let progress = LogProgress()
  }

  /// - Parameters:
  ///   - parts: The files in the order of loading.
  ///   - totalByteCount: Their bytes, if they are known.
  init(_ parts: [LogPart], totalByteCount: UInt64?, _ logOptions: LogOptions, _ options: ReplayOptions) {
    let opened = Opened()
    self.opened = opened
    self.totalByteCount = totalByteCount
    source = ReplaySource(options, logByteCount: totalByteCount) {
      let log = CommandLog(parts, logOptions, progress: opened.progress)
      opened.log = log
      return log
    }
  }

  /// What is missing from the keyspace, and what is remarkable about the log. Complete at the end of ``source``.
  var ledger: Ledger {
    var ledger = source.summary.ledger
    for note in opened.log?.notes ?? [] {
      let name = opened.log?.name(of: note.part)
      ledger.note(
        "\(note)", key: name.map { Array($0.utf8) }, offset: Int(clamping: note.offset))
    }
    return ledger
  }

  /// The position in the files. A log larger than memory is read twice, which counts as twice its size.
  var position: ProgressLine.Position {
    let progress = opened.progress
    let isLarge = source.isLarge
    return ProgressLine.Position(
      read: { Int(clamping: progress.byteCount) }, total: totalByteCount.map { isLarge ? 2 * $0 : $0 })
  }
}
