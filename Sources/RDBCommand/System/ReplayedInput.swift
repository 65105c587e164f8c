import RDB
import RDBCompression
import RDBFormat
import RDBReplay
import RDBSupport

/// A command file, or the folder of an append-only file, that is replayed. Its keyspace is read as a snapshot.
final class ReplayedInput {
  /// The snapshot of the keyspace.
  let source: ReplaySource
  private let replayOptions: ReplayOptions
  /// The files in the order of loading.
  let parts: [LogPart]
  private let logOptions: LogOptions
  /// The progress of all passes over the log.
  private let progress = ByteCounter()
  /// The bytes of all files; `nil` if they are not known.
  private let totalByteCount: UInt64?

  /// - Parameters:
  ///   - parts: The files in the order of loading.
  ///   - totalByteCount: The bytes of all files; `nil` if they are not known.
  init(_ parts: [LogPart], totalByteCount: UInt64?, _ logOptions: LogOptions, _ options: ReplayOptions) {
    (self.parts, self.logOptions, self.totalByteCount) = (parts, logOptions, totalByteCount)
    replayOptions = options
    source = ReplaySource(options, logByteCount: totalByteCount) { [progress] in
      CommandLog(parts, logOptions, progress: progress)
    }
  }

  /// Names that `rename-command` gave to commands, in lower case, and the commands' own names.
  var renamedCommands: [String: String] { replayOptions.renamedCommands }

  /// Opens the log once more, to read it without replaying it.
  func openLog() -> CommandLog { CommandLog(parts, logOptions, progress: progress) }

  /// Replays the log without a use for its keyspace. Commands that cannot be replayed are counted.
  ///
  /// - Returns: What happened, and the error that ended replaying.
  func replayAll() -> (summary: ReplaySummary, error: RDBError?) {
    var options = replayOptions
    options.skipsUnknown = true
    let source = ReplaySource(options, logByteCount: totalByteCount) { self.openLog() }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    defer { buffer.deallocate() }
    do {
      while try source.read(into: buffer) > 0 {}
      return (source.summary, nil)
    } catch {
      return (source.summary, RDBError.transfer("read", error, at: 0))
    }
  }

  /// Checks each file by itself.
  func check() -> LogCheck { LogCheck(parts, logOptions, progress: progress) }

  /// The position in the files, for reading them once.
  var passPosition: ProgressLine.Position {
    let progress = progress
    return ProgressLine.Position(
      read: { Int(clamping: progress.value) }, total: totalByteCount)
  }

  /// The number of commands of one file that nothing seals, so that a cut between two commands goes unnoticed; `nil` for
  /// other inputs. Complete at the end of ``source``.
  var unsealedCommandCount: UInt64? { parts.count == 1 ? source.unsealedCommandCount : nil }

  /// The commands that are missing from the keyspace, as losses, and the notes about commands and the log. Complete at
  /// the end of ``source``.
  var ledger: Ledger { source.ledger }

  /// The position in the files. A log larger than the memory limit is read twice, which counts as twice its size.
  var position: ProgressLine.Position {
    let progress = progress
    let isReadTwice = source.isReadTwice
    return ProgressLine.Position(
      read: { Int(clamping: progress.value) }, total: totalByteCount.map { isReadTwice ? 2 * $0 : $0 })
  }
}
