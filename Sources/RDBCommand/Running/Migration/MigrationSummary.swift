import RDB
import RDBEdit
import RDBFormat
import RDBSupport
import RedisTransfer

/// The result of a migration, for people and for scripts.
struct MigrationSummary {
  /// One end of the migration.
  struct Server {
    /// The address that the options give, without a password.
    var address: String
    /// The server that answered.
    var name: String
    var version: ServerVersion
  }

  /// The commands of the source that were applied after its snapshot.
  struct Following {
    var commandCount: UInt64
    /// The offset of the source up to which everything is moved.
    var offset: UInt64
    /// The messages to subscribers that were not passed on.
    var messageCount: UInt64
    /// The commands of databases that are not moved.
    var skippedCount: UInt64
    /// The commands about keys that had expired at the target.
    var expiredCount: UInt64
    /// The commands whose replies were lost with a connection, so that errors of single ones are unknown.
    var unansweredCount: UInt64
    var sourceReconnectionCount: Int
    /// Whether the writes to the source were paused.
    var isPaused: Bool
  }

  let source: Server
  let target: Server
  let isDryRun: Bool
  let start: UnixMilliseconds
  /// The time of the whole migration.
  var seconds = 0.0
  /// The time from the beginning of the last snapshot until all of its keys were loaded.
  var loadSeconds = 0.0
  /// The number of keys that the source told before, without a filter.
  let sourceKeyCount: UInt64
  /// By how many milliseconds the target's clock is before the source's, and the largest error of that.
  let clock: (milliseconds: Int64, error: Int64)?
  var warnings: [String]

  /// The number of times that the keys were read from the beginning.
  var attemptCount = 0
  /// The bytes of the last snapshot that were read.
  var byteCount: UInt64 = 0
  /// The number of keys of the last attempt that are loaded for certain.
  var safeKeyCount: UInt64 = 0
  var keptKeyCount: UInt64 = 0
  var expiredKeyCount: UInt64 = 0
  var reconnectionCount = 0
  var ledger = Ledger()
  /// The result of following the source; `nil`: it was not followed.
  var following: Following?
  /// The offset of the source from which an interrupted migration went on; `nil`: a snapshot was loaded.
  var resumedOffset: UInt64?
  var notes: [String] = []
  /// Whether sentinels can list this client as a replica of the source.
  var isEntered = false
  /// The result of the comparison; `nil`: the servers were not compared.
  var verdict: MigrationComparison.Verdict?
  /// Whether the source counted changes between the beginning and the comparison.
  var sourceChanged = false
  var nextSteps: [String] = []

  init(_ preflight: MigrationPreflight, start: UnixMilliseconds) {
    let (source, target) = (preflight.source, preflight.target)
    self.source = Server(address: "\(source.settings.address)", name: source.server, version: source.facts.version)
    self.target = Server(
      address: "\(target.connector.settings.address)", name: target.server, version: target.facts.version)
    self.start = start
    isDryRun = preflight.command.dryRun
    sourceKeyCount = preflight.sourceKeyCount
    (clock, warnings) = (preflight.clockDifference, preflight.warnings)
  }

  /// Adds the counts of a loader at its end.
  mutating func add(_ loader: any KeyLoader) {
    safeKeyCount = loader.safeKeyCount
    reconnectionCount += loader.reconnectionCount
  }

  /// Takes the result of a whole reading.
  mutating func take(_ result: LoadReading.Result, of loader: any KeyLoader) {
    ledger = result.ledger
    notes = result.notes + loader.account(in: &ledger)
    (keptKeyCount, expiredKeyCount) = (loader.keptKeyCount, loader.expiredKeyCount)
  }

  /// Takes the result of following.
  mutating func take(_ result: MigrationFollowing.Result) {
    let summary = result.summary
    following = Following(
      commandCount: summary.commandCount, offset: result.offset, messageCount: summary.messageCount,
      skippedCount: summary.skippedCount, expiredCount: summary.expiredCount,
      unansweredCount: summary.unansweredCount, sourceReconnectionCount: summary.sourceReconnectionCount,
      isPaused: result.pause != nil)
    reconnectionCount += summary.targetReconnectionCount
    for failure in summary.failures { ledger.lose(.command, failure.why, key: failure.key, offset: 0) }
    let rest = summary.failureCount - UInt64(summary.failures.count)
    if rest > 0 { ledger.lose(.command, "more commands that could not be applied", count: rest) }
  }

  /// Adds what the user can do now.
  mutating func addNextSteps(of command: Migrate) {
    if isEntered {
      nextSteps.append("Sentinels may list a replica at port 0 now: SENTINEL RESET name, at each of them, removes it.")
    }
    guard !isDryRun else { return }
    guard let verdict else {
      return nextSteps.append("rdb verify \(source.address) --against \(target.address) compares the servers.")
    }
    if verdict.counts.differing == 0 {
      nextSteps.append("Let the application use \(target.address).")
    } else if let following, !following.isPaused {
      nextSteps.append(
        "If something still writes to the source, move once more with --replace --follow --pause-source.")
    } else if sourceChanged {
      nextSteps.append("Stop what writes to the source, and move its keys once more with --replace.")
    } else {
      nextSteps.append("rdb verify \(source.address) --against \(target.address) lists all differences.")
    }
  }
}
