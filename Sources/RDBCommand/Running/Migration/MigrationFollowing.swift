import RDB
import RDBSupport
import RedisTransfer
import Synchronization

/// The following of a migration's source, after its snapshot is loaded, up to the cut-over.
final class MigrationFollowing {
  /// The result.
  struct Result {
    var summary: FollowSummary
    /// The offset of the source up to which everything is moved.
    var offset: UInt64
    /// The pause of the source's writes, which still holds; `nil`: they are not paused.
    var pause: SourcePause?
  }

  private let command: Migrate
  private let from: ServerSettings
  private let source: FollowedSource
  private let follower: Follower
  private let state = FollowState()
  private var pause: SourcePause?
  private var offset: UInt64?

  /// Stores the position of the snapshot at the target.
  ///
  /// - Throws: `FollowStop` or `TransferError`.
  init(
    _ command: Migrate, from: ServerSettings, _ source: FollowedSource, to target: ServerSettings,
    _ options: FollowOptions
  ) throws {
    (self.command, self.from, self.source) = (command, from, source)
    follower = try Follower(source, to: target, options)
    follower.onReconnect = { command.working.progress.say("\($0); connecting again") }
  }

  /// Applies the commands of the source until the cut-over.
  ///
  /// - Throws: `FollowStop`, `TransferError` or ``Failure``. A pause of the source is then ended.
  func run() throws -> Result {
    let state = state
    Interrupts.setFirstInterrupt { state.requestEnd() }
    defer { Interrupts.setFirstInterrupt(nil) }
    say(
      "following \(source.server) from offset \(follower.position.offset); "
        + (command.following.cutoverWhenLag == nil ? "Ctrl-C cuts over" : "it ends when the target is not far behind"))
    let line = command.working.progress.start(
      ProgressLine.Position(read: { state.receivedByteCount }, total: nil))
    defer { line?.end() }
    do {
      let summary = try follower.run(decide)
      try follower.removePosition()
      return Result(summary: summary, offset: offset ?? summary.position.offset, pause: pause)
    } catch {
      _ = pause?.end()
      // Without the key of an old history, a new beginning leaves nothing behind.
      if (error as? FollowStop)?.reasonToBeginAnew != nil { try? follower.removePosition() }
      throw error
    }
  }

  private func decide(_ progress: FollowProgress) throws -> FollowDecision {
    state.update(progress)
    let (seconds, attoseconds) = progress.age.components
    LiveProgress.update { figures in
      figures.commandCount = progress.commandCount
      figures.lag = (progress.lag, Double(seconds) + Double(attoseconds) / 1e18)
    }
    guard offset == nil else { return .goOn }
    let isNear = command.following.cutoverWhenLag.map { progress.sourceOffset != nil && progress.lag <= $0.byteCount }
    guard state.mustEnd || isNear == true else { return .goOn }
    let end: UInt64
    if command.following.pauseSource {
      let pause = try SourcePause(from)
      self.pause = pause
      say("writes to \(pause.server) are paused")
      end = pause.offset
    } else {
      end = try SourcePause.offset(from)
    }
    offset = end
    say("cutting over at offset \(end)")
    return .stop(atOffset: end)
  }

  private func say(_ text: String) { command.working.progress.say(text) }
}

/// The state of a following, which the progress line and the handling of signals share.
private final class FollowState: Sendable {
  private struct Values {
    var mustEnd = false
    var progress = FollowProgress()
    var start: UInt64?
  }

  private let values = Mutex(Values())

  var mustEnd: Bool { values.withLock { $0.mustEnd } }

  func requestEnd() {
    values.withLock { $0.mustEnd = true }
    StandardStreams.writeError("rdb: cutting over; Ctrl-C once more aborts\n")
  }

  func update(_ progress: FollowProgress) {
    values.withLock { values in
      values.progress = progress
      values.start = values.start ?? progress.receivedOffset
    }
  }

  /// The bytes that arrived since the beginning of the following.
  var receivedByteCount: Int {
    values.withLock { Int(clamping: $0.progress.receivedOffset - min($0.start ?? 0, $0.progress.receivedOffset)) }
  }
}
