import RDB
import RESP

/// The way in which the commands of a source are applied to a target.
package struct FollowOptions: Hashable, Sendable {
  /// The database of the target per database of the source. One that is missing keeps its number.
  package var databaseMap: [UInt64: UInt64] = [:]
  /// The databases of the source that are followed; `nil`: all. Commands of others are skipped.
  package var databases: Set<UInt64>?
  /// The database of the target that stores the position.
  package var positionDatabase: UInt64 = 0
  /// The release of the source and that of the target. Commands that the target does not know are rewritten where others
  /// have the same effect.
  package var source: ServerVersion
  package var target: ServerVersion
  /// The behaviour after a command that the target refuses.
  package var onError = SentUnits.ErrorPolicy.stop
  /// The number of replicas of the target that must have a command before it counts as safe.
  package var replicaCount = 0
  /// The bytes, and the number of commands, that are applied in one transaction. A transaction of the source that is larger
  /// stays whole.
  package var batchByteCount = 512 << 10
  package var batchCommandCount = 2000
  /// The largest command or transaction of the source, in bytes.
  package var groupByteLimit = 1 << 30

  package init(from source: ServerVersion, to target: ServerVersion) { (self.source, self.target) = (source, target) }
}

/// The state of a following.
package struct FollowProgress: Hashable, Sendable {
  /// The offset of the last byte that arrived from the source.
  package var receivedOffset: UInt64 = 0
  /// The offset up to which all commands are applied to the target.
  package var appliedOffset: UInt64 = 0
  /// The offset of the source, as it told last; `nil` before.
  package var sourceOffset: UInt64?
  /// The age of the oldest byte that arrived and is not applied.
  package var age: Duration = .zero
  /// The commands that were applied.
  package var commandCount: UInt64 = 0
  /// The bytes of commands that arrived and were not read yet, in memory and on disk.
  package var spooledByteCount: UInt64 = 0

  package init() {}

  /// The number of bytes that the source has and the target does not have yet.
  package var lag: UInt64 {
    max(receivedOffset, sourceOffset ?? 0) - min(appliedOffset, max(receivedOffset, sourceOffset ?? 0))
  }
}

/// The answer of the owner of a ``Follower`` to its progress.
package enum FollowDecision: Hashable, Sendable {
  case goOn
  /// Apply the commands up to this offset, and end. It must be one that the source told as its own.
  case stop(atOffset: UInt64)
  /// End after the transaction in flight.
  case stopNow
}

/// The result of a following.
package struct FollowSummary: Sendable {
  /// The position up to which all commands are applied.
  package var position: StreamPosition
  /// The commands that were applied.
  package var commandCount: UInt64 = 0
  /// The part of ``commandCount`` whose replies were lost with a connection: errors of single commands in it are unknown.
  package var unansweredCount: UInt64 = 0
  /// The messages (PUBLISH, SPUBLISH) that were left out: subscribers of the target do not get them.
  package var messageCount: UInt64 = 0
  /// The commands of databases that are not followed.
  package var skippedCount: UInt64 = 0
  /// The commands about keys that had expired at the target.
  package var expiredCount: UInt64 = 0
  /// The commands that could not be applied, up to ``Follower/failureLimit``, and their number.
  package var failures: [FollowFailure] = []
  package var failureCount: UInt64 = 0
  /// The number of connections to the target, and to the source, that were lost and made anew.
  package var targetReconnectionCount = 0
  package var sourceReconnectionCount = 0
}

/// A command of the source that could not be applied.
package struct FollowFailure: Hashable, Sendable {
  /// The reason.
  package enum Reason: Hashable, Sendable {
    case refused(ServerError)
    /// The target does not have the command, and no other one has the same effect. The text says what is missing.
    case unsupported(String)
  }

  /// The database of the source.
  package var database: UInt64
  /// The name of the command.
  package var command: [UInt8]
  /// The first key; empty if the command has none.
  package var key: [UInt8]
  package var reason: Reason
}

/// The reason why a following ended early.
package enum FollowStop: Error, Sendable {
  /// The target refused a command, or cannot have its effect, and errors are not skipped.
  case refused(FollowFailure)
  /// The target refused a database.
  case databaseRefused(UInt64, ServerError)
  /// The source does not have the commands after the position any more: a new snapshot is needed.
  case mustStartAnew(after: StreamPosition)
  /// The link was lost before the snapshot was complete: a new one is needed.
  case snapshotLost(TransferError)
  /// The server does not tell the position of its snapshot, so it cannot be followed (Redis before 2.8).
  case noPosition
  /// The key that stores the position is missing at the target, or another process has changed it.
  case positionLost(key: [UInt8], expected: StreamPosition, found: StreamPosition?)
  /// The source sent bytes that are no command, at this offset.
  case malformedStream(RESPError)
  /// The source sent a command that no server sends to its replicas.
  case unexpectedCommand(name: [UInt8], offset: UInt64)
  /// A command or transaction of the source is larger than ``FollowOptions/groupByteLimit``.
  case tooLarge(name: [UInt8], offset: UInt64)
  /// Fewer replicas have the commands than there must be.
  case tooFewReplicas(Int)
}
