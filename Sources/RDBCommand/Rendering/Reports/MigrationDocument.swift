import RDB
import RDBEdit

/// The JSON document that `rdb migrate --summary FILE` writes, described by `Schemas/migration.schema.json`.
struct MigrationDocument: Encodable {
  private enum CodingKeys: String, CodingKey {
    case type, format, source, target, start, seconds, attempts, keys, lost, warnings, notes, clock, comparison, next
    case following
    case resumedOffset = "resumed_offset"
    case dryRun = "dry_run"
    case loadSeconds = "load_seconds"
    case snapshotBytes = "snapshot_bytes"
    case lostConnections = "lost_connections"
  }

  let type = "migration"
  let format = 1
  var dryRun: Bool
  var source: Server
  var target: Server
  /// The time of the beginning, in milliseconds since 1970.
  var start: Int64
  var seconds: Double
  var loadSeconds: Double
  var attempts: Int
  var keys: Keys
  var snapshotBytes: UInt64
  var lostConnections: Int
  var lost: [Loss]
  var warnings: [String]
  var notes: [String]
  /// `nil` if the source was not followed.
  var following: Following?
  /// `nil` if a snapshot was loaded.
  var resumedOffset: UInt64?
  /// `nil` if a user may not ask for the time.
  var clock: Clock?
  /// `nil` if the servers were not compared.
  var comparison: Comparison?
  var next: [String]

  struct Server: Encodable {
    var address: String
    var server: String
    var product: String
    var version: String

    init(_ server: MigrationSummary.Server) {
      (address, self.server) = (server.address, server.name)
      product = server.version.vendor == .valkey ? "valkey" : "redis"
      version = "\(server.version.major).\(server.version.minor).\(server.version.patch)"
    }
  }

  struct Keys: Encodable {
    var source: UInt64
    var read: UInt64
    var loaded: UInt64
    var filtered: UInt64
    var kept: UInt64
    var expired: UInt64
  }

  struct Loss: Encodable {
    var kind: String
    var why: String
    var count: UInt64
  }

  struct Following: Encodable {
    private enum CodingKeys: String, CodingKey {
      case commands, offset, messages, skipped, expired, unanswered, paused
      case lostConnections = "lost_connections"
    }
    var commands: UInt64
    var offset: UInt64
    var messages: UInt64
    var skipped: UInt64
    var expired: UInt64
    var unanswered: UInt64
    /// The lost connections to the source.
    var lostConnections: Int
    var paused: Bool
  }

  /// The difference of the clocks, in milliseconds.
  struct Clock: Encodable {
    private enum CodingKeys: String, CodingKey {
      case ahead = "target_ahead_ms"
      case error = "error_ms"
    }
    var ahead: Int64
    var error: Int64
  }

  struct Comparison: Encodable {
    private enum CodingKeys: String, CodingKey {
      case equal, missing, different, extra, expired, ignored
      case notCompared = "not_compared"
      case sourceChanged = "source_changed"
    }
    var equal: UInt64
    var missing: UInt64
    var different: UInt64
    var extra: UInt64
    var expired: UInt64
    var ignored: UInt64
    var notCompared: UInt64
    var sourceChanged: Bool
  }

  init(_ summary: MigrationSummary) {
    (source, target) = (Server(summary.source), Server(summary.target))
    (dryRun, start) = (summary.isDryRun, summary.start.value)
    (seconds, loadSeconds) = (summary.seconds, summary.loadSeconds)
    (attempts, snapshotBytes, lostConnections) = (summary.attemptCount, summary.byteCount, summary.reconnectionCount)
    let ledger = summary.ledger
    keys = Keys(
      source: summary.sourceKeyCount, read: ledger.keysRead, loaded: ledger.keysWritten,
      filtered: ledger.keysFiltered, kept: summary.keptKeyCount, expired: summary.expiredKeyCount)
    lost = ledger.losses.map { Loss(kind: $0.loss.rawValue, why: OptionFlags.naming($0.why), count: $0.count) }
    (warnings, notes, next) = (summary.warnings, summary.notes, summary.nextSteps)
    resumedOffset = summary.resumedOffset
    following = summary.following.map {
      Following(
        commands: $0.commandCount, offset: $0.offset, messages: $0.messageCount, skipped: $0.skippedCount,
        expired: $0.expiredCount, unanswered: $0.unansweredCount, lostConnections: $0.sourceReconnectionCount,
        paused: $0.isPaused)
    }
    clock = summary.clock.map { Clock(ahead: $0.milliseconds, error: $0.error) }
    comparison = summary.verdict.map {
      let counts = $0.counts
      return Comparison(
        equal: counts.equal, missing: counts.removed, different: counts.changed, extra: counts.added,
        expired: counts.expired, ignored: counts.ignored, notCompared: counts.notCompared,
        sourceChanged: summary.sourceChanged)
    }
  }
}
