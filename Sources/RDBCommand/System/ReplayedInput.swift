import RDB
import RDBCompression
import RDBFormat
import RDBReplay

/// A command file, or the folder of an append-only file, that is replayed. Its keyspace is read as a snapshot.
final class ReplayedInput {
  /// The snapshot of the keyspace.
  let source: ReplaySource
  private let opened: Opened
  /// The bytes of all files; `nil` if they are not known.
  private let totalByteCount: UInt64?

  /// The log that was opened last. A log larger than the memory limit is opened several times.
  private final class Opened {
    var log: CommandLog?
    let progress = LogProgress()
  }

  /// - Parameters:
  ///   - parts: The files in the order of loading.
  ///   - totalByteCount: The bytes of all files; `nil` if they are not known.
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

  /// The commands that are missing from the keyspace, as losses, and the notes about commands and the log. Complete at
  /// the end of ``source``.
  var ledger: Ledger {
    var ledger = source.summary.ledger
    for note in opened.log?.notes ?? [] {
      let name = opened.log?.name(of: note.part)
      ledger.note(
        "\(note)", key: name.map { Array($0.utf8) }, offset: Int(clamping: note.offset))
    }
    return ledger
  }

  /// The position in the files. A log larger than the memory limit is read twice, which counts as twice its size.
  var position: ProgressLine.Position {
    let progress = opened.progress
    let isLarge = source.isLarge
    return ProgressLine.Position(
      read: { Int(clamping: progress.byteCount) }, total: totalByteCount.map { isLarge ? 2 * $0 : $0 })
  }
}
