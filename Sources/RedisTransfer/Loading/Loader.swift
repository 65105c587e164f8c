import RDBConvert
import RDBSupport
import RESP

/// A load into one server: sends units, matches the replies, and sends again what may be lost with a connection.
///
///     let loader = try Loader(connector, options)
///     let cutter = KeyCutter { unit in try loader.send(unit) }
///     …
///     try cutter.finish()
///     try loader.finish()
///
/// One thread at a time uses a loader.
package final class Loader: KeyLoader {
  /// The bytes after which replicas are asked whether they have them.
  static let confirmedByteCount = 4 << 20
  /// The memory of keys that are not safe yet, in bytes, beyond which no key is sent until others are safe.
  static let retainedByteLimit = 48 << 20
  /// The longest time that replicas get to confirm.
  static let confirmationTime = Duration.seconds(10)
  /// The time after a lost connection in which too few replicas are no error: after a failover, sentinels have the other
  /// replicas follow the new master one after another.
  static let failoverTime = Duration.seconds(60)

  let connector: Connector
  let options: LoadOptions
  var senders: [Sender] = []
  var connectionCount = 0
  var retained: RetainedUnits
  /// The number of connections that were lost since a key became safe.
  var lossCount = 0
  var safeKeyCountAtLoss: UInt64 = 0
  /// The time of the last new connection in place of a lost one, in nanoseconds.
  var reconnectionTime: UInt64?
  /// The time of the first WAIT in a row to which too few replicas were the reply, in nanoseconds.
  var shortageTime: UInt64?
  /// The time at which the last loss was counted, in nanoseconds.
  var lossTime: UInt64 = 0
  /// The process that has the keys; `nil` if the server does not tell it.
  var process: ServerProcess?
  /// The number of keys from which on a key has not been sent before.
  private var firstNewKey: UInt64 = 0
  /// The sender of the last unit, on which the rest of its key follows.
  var lastSender = 0
  /// The attempt of the temporary names that new keys get. It is not 0 if a connection was lost whose commands may run on.
  var attempt: UInt8 = 0
  /// Temporary names that may be left, with their databases.
  var formerNames: [(database: UInt64, name: [UInt8])] = []
  /// The most names that are removed at the end.
  static let formerNameLimit = 100_000
  private var bytePace: Pace
  private var keyPace: Pace

  /// The commands that the server refused, up to ``failureLimit``.
  package internal(set) var failures: [SentUnits.Failure] = []
  /// The number of keys of which the server refused a command. A key beyond ``failureLimit`` can count twice.
  package internal(set) var refusedKeyCount: UInt64 = 0
  var refusedKeys: Set<UInt64> = []
  /// The number of connections that were lost and made anew.
  package internal(set) var reconnectionCount = 0
  /// Counts of connections that were lost.
  var earlierKeptKeyCount: UInt64 = 0
  var earlierExpiredKeyCount: UInt64 = 0
  /// The number of keys that were sent again, and for which the server kept others.
  var differentKeyCount: UInt64 = 0

  /// Called with the number of keys that are safe, each time it grows.
  package var onSafe: (UInt64) throws -> Void = { _ in }
  /// Called with the reason before each attempt to connect again.
  package var onReconnect: (TransferError) -> Void = { _ in }

  /// Whether the server lost keys because it was started anew, so that the input must be sent from its beginning.
  package internal(set) var hasServerRestarted = false
  var restartCount = 0
  /// The number of times that the input is sent from its beginning because the server was started anew.
  static let restartLimit = 3
  /// The number of the first key that was not sent yet.
  package private(set) var sentEnd: UInt64 = 0
  /// The most keys that are sent beyond the first one that is not safe.
  static let aheadKeyCount = uncertainKeyCount - 100_000

  /// The most failures that are kept.
  package static let failureLimit = 100_000
  /// The most keys that an earlier load can have sent beyond the last key that its journal calls safe.
  private static let uncertainKeyCount: UInt64 = 500_000

  /// Opens the connections.
  ///
  /// - Throws: ``TransferError``.
  package init(_ connector: Connector, _ options: LoadOptions) throws(TransferError) {
    (self.connector, self.options) = (connector, options)
    bytePace = Pace(perSecond: options.bytesPerSecond)
    keyPace = Pace(perSecond: options.keysPerSecond)
    retained = RetainedUnits(replicaCount: options.replicaCount)
    for _ in 0..<max(options.connectionCount, 1) {
      senders.append(try sender(connector.reconnect(to: .master), after: nil))
    }
    process = senders[0].client?.process
    // The master may be new, so that replicas do not follow it yet.
    if case .sentinels = connector.settings.address.target { reconnectionTime = MonotonicTime.now }
  }

  package func restart(skipping count: UInt64, sentBefore end: UInt64 = 0) throws(TransferError) -> UInt64 {
    firstNewKey = max(firstNewKey, sentEnd, end, count + Self.uncertainKeyCount)
    for index in senders.indices {
      let earlier = senders[index]
      retire(earlier)
      senders[index] = try reconnect(earlier, after: nil)
    }
    var skipped = count
    if let earlier = process, let new = senders[0].client?.process,
      !new.continues(earlier, withReplicas: options.replicaCount > 0)
    {
      skipped = 0
    }
    process = senders[0].client?.process
    hasServerRestarted = false
    retained = RetainedUnits(replicaCount: options.replicaCount, skipping: skipped)
    return skipped
  }

  package var serverProcesses: [ServerProcess] { process.map { [$0] } ?? [] }

  package func hasKeys(of earlier: [ServerProcess]) -> Bool {
    guard let process else { return true }
    return earlier.allSatisfy { process.continues($0, withReplicas: options.replicaCount > 0) }
  }

  /// The number of keys, from the first one on, that are safe.
  package var safeKeyCount: UInt64 { retained.safeKeyCount }
  /// The number of keys that the server had already, and kept.
  package var keptKeyCount: UInt64 {
    senders.reduce(earlierKeptKeyCount + differentKeyCount) { $0 + $1.sent.newKeptKeyCount }
  }
  /// The number of keys that expired before they were complete.
  package var expiredKeyCount: UInt64 { senders.reduce(earlierExpiredKeyCount) { $0 + $1.sent.expiredKeyCount } }

  package func send(_ unit: KeyUnit) throws {
    bytePace.wait(for: UInt64(unit.bytes.count))
    keyPace.wait(for: UInt64(unit.newKeyCount))
    let index = try senderWithRoom(for: unit)
    // Only now: a connection that was lost meanwhile changes the names of the units before.
    var unit = unit
    _ = unit.useTemporaryNames(ofAttempt: retained.requiredAttempt(for: unit) ?? attempt)
    retained.sent(unit, on: senders[index].number)
    sentEnd = max(sentEnd, (unit.keys.last?.ordinal ?? 0) + 1)
    lastSender = index
    let isAgain = unit.firstOrdinal < firstNewKey
    try onSender(index) { sender in
      try sender.send(unit, again: isAgain)
      try askReplicas(sender)
    }
    try receive()
  }

  package func finish() throws {
    while !retained.isEmpty {
      try askAllReplicas()
      try wait()
    }
    try removeFormerNames()
    for sender in senders { sender.connection.link.close() }
  }

  package func abandon() { for sender in senders { sender.connection.link.close() } }
}
