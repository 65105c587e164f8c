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
  private static let confirmedByteCount = 4 << 20
  /// The memory of keys that are not safe yet, in bytes, beyond which no key is sent until others are safe.
  private static let retainedByteLimit = 48 << 20
  /// The longest time that replicas get to confirm.
  private static let confirmationTime = Duration.seconds(10)
  /// The time after a lost connection in which too few replicas are no error: after a failover, sentinels have the other
  /// replicas follow the new master one after another.
  private static let failoverTime = Duration.seconds(60)

  private let connector: Connector
  private let options: LoadOptions
  private var senders: [Sender] = []
  private var connectionCount = 0
  private var retained: RetainedUnits
  /// The number of connections that were lost since a key became safe.
  private var lossCount = 0
  private var safeKeyCountAtLoss: UInt64 = 0
  /// The time of the last new connection in place of a lost one, in nanoseconds.
  private var reconnectionTime: UInt64?
  /// The time of the first WAIT in a row to which too few replicas were the reply, in nanoseconds.
  private var shortageTime: UInt64?
  /// The time at which the last loss was counted, in nanoseconds.
  private var lossTime: UInt64 = 0
  /// The process that has the keys; `nil` if the server does not tell it.
  private var process: ServerProcess?
  /// The number of keys from which on a key has not been sent before.
  private var firstNewKey: UInt64 = 0
  /// The sender of the last unit, on which the rest of its key follows.
  private var lastSender = 0
  /// The attempt of the temporary names that new keys get. It is not 0 if a connection was lost whose commands may run on.
  private var attempt: UInt8 = 0
  /// Temporary names that may be left, with their databases.
  private var formerNames: [(database: UInt64, name: [UInt8])] = []
  /// The most names that are removed at the end.
  private static let formerNameLimit = 100_000
  private var bytePace: Pace
  private var keyPace: Pace

  /// The commands that the server refused, up to ``failureLimit``.
  package private(set) var failures: [SentUnits.Failure] = []
  /// The number of keys of which the server refused a command. A key beyond ``failureLimit`` can count twice.
  package private(set) var refusedKeyCount: UInt64 = 0
  private var refusedKeys: Set<UInt64> = []
  /// The number of connections that were lost and made anew.
  package private(set) var reconnectionCount = 0
  /// Counts of connections that were lost.
  private var earlierKeptKeyCount: UInt64 = 0
  private var earlierExpiredKeyCount: UInt64 = 0
  /// The number of keys that were sent again, and for which the server kept others.
  private var differentKeyCount: UInt64 = 0

  /// Called with the number of keys that are safe, each time it grows.
  package var onSafe: (UInt64) throws -> Void = { _ in }
  /// Called with the reason before each attempt to connect again.
  package var onReconnect: (TransferError) -> Void = { _ in }

  /// Whether the server lost keys because it was started anew, so that the input must be sent from its beginning.
  package private(set) var hasServerRestarted = false
  private var restartCount = 0
  /// The number of times that the input is sent from its beginning because the server was started anew.
  private static let restartLimit = 3
  /// The number of the first key that was not sent yet.
  package private(set) var sentEnd: UInt64 = 0
  /// The most keys that are sent beyond the first one that is not safe.
  private static let aheadKeyCount = uncertainKeyCount - 100_000

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

  // MARK: Connections

  /// - Parameter earlier: The lost sender whose place it takes. Commands of it that the server still has must not mix
  ///   with the same commands on the new connection.
  private func sender(_ connection: Connection, after earlier: Sender?) throws(TransferError) -> Sender {
    connectionCount += 1
    let sender = try Sender(
      connection, number: connectionCount, options, database: UInt64(connector.settings.address.database))
    if let earlier, try !sender.end(earlier) { attempt = attempt % (TemporaryName.unusedAttempt - 1) + 1 }
    return sender
  }

  /// Gives units that are sent again other temporary names, if commands of the lost connection may still run: on the same
  /// name, they would mix with their repetition.
  private func renamed(_ units: [KeyUnit]) -> [KeyUnit] {
    units.map { unit in
      var unit = unit
      let names = unit.useTemporaryNames(ofAttempt: attempt)
      let database = database(of: unit)
      formerNames += names.prefix(Self.formerNameLimit - formerNames.count).map { (database, $0) }
      return unit
    }
  }

  /// Removes the temporary names that commands of lost connections may have left.
  private func removeFormerNames() throws(TransferError) {
    guard !formerNames.isEmpty else { return }
    let connection = try connector.connect(to: .master)
    defer { connection.link.close() }
    var database = UInt64(connector.settings.address.database)
    for former in formerNames {
      if former.database != database { _ = try connection.call("SELECT", "\(former.database)") }
      database = former.database
      // Servers before 4.0 have no UNLINK.
      let reply = try connection.reply(to: [Array("UNLINK".utf8), former.name])
      if reply.errorBytes != nil { _ = try connection.reply(to: [Array("DEL".utf8), former.name]) }
    }
    formerNames = []
  }

  private func database(of unit: KeyUnit) -> UInt64 { options.onlyDatabase ?? unit.database }

  private func senderWithRoom(for unit: KeyUnit) throws -> Int {
    // The keys wait for nothing else: their connection may be lost before the others are looked at.
    if unit.publishes, senders[lastSender].sent.hasRoom(for: unit), senders[lastSender].isIn(database(of: unit)) {
      return lastSender
    }
    while true {
      try receive()
      // One silent server must not let the keys pile up that the others take.
      let isFull =
        retained.byteCount > Self.retainedByteLimit
        || unit.firstOrdinal > retained.safeKeyCount + Self.aheadKeyCount
      if isFull, !unit.startsInsideKey {
        try askAllReplicas()
        try wait()
        continue
      }
      let indexes = unit.startsInsideKey ? lastSender..<lastSender + 1 : senders.indices
      let free = indexes.filter { senders[$0].sent.hasRoom(for: unit) }
      if let best = free.min(by: { senders[$0].sent.byteCount < senders[$1].sent.byteCount }) {
        if senders[best].isIn(database(of: unit)) { return best }
        try onSender(best) { sender in try sender.select(database(of: unit)) }
        // If the connection was lost, nothing may be in flight that could be waited for.
        continue
      }
      try wait()
    }
  }

  /// Asks the replicas when enough was sent, or some time ago, or at the end.
  private func askReplicas(_ sender: Sender, isLast: Bool = false) throws(TransferError) {
    guard options.replicaCount > 0, sender.canAskReplicas, sender.unconfirmedByteCount > 0 else { return }
    guard isLast || sender.unconfirmedByteCount >= Self.confirmedByteCount || sender.isWaitDue else { return }
    // A server that waits for its replicas does not answer meanwhile, and must not be taken for a silent one.
    let time = min(Self.confirmationTime.nanoseconds, connector.settings.replyTimeout.nanoseconds / 2)
    try sender.wait(for: options.replicaCount, milliseconds: max(time / 1_000_000, 1))
  }

  private func askAllReplicas() throws {
    for index in senders.indices { try onSender(index) { sender in try askReplicas(sender, isLast: true) } }
  }

  // MARK: Replies

  /// Waits for replies, and takes them.
  private func wait() throws {
    let time = connector.settings.replyTimeout
    guard Link.wait(for: senders.map(\.connection.link), atMost: time) else {
      let index = senders.firstIndex { !$0.sent.isEmpty } ?? 0
      return try restore(index, after: TransferError(.timedOut(time), at: senders[index].connection.server))
    }
    try receive()
  }

  /// Takes the replies that have arrived.
  private func receive() throws {
    for index in senders.indices {
      try onSender(index) { sender in
        while try sender.connection.link.take({ sender.connection.decoder.feed($0) }) { try takeReplies(sender) }
        try takeReplies(sender)
      }
    }
  }

  private func takeReplies(_ sender: Sender) throws {
    let events: [SentUnits.Event]
    do {
      events = try sender.sent.receive(from: &sender.connection.decoder)
    } catch let error as RESPError {
      throw TransferError(.malformedReply(error), at: sender.connection.server)
    } catch {
      throw TransferError(.unexpectedReply(command: "nothing"), at: sender.connection.server)
    }
    let before = retained.safeKeyCount
    // Units do not count as answered before their keys are known to be on the server.
    try compareKept(events, sender)
    retained.answered(unitCount: sender.sent.answeredUnitCount, on: sender.number)
    for event in events { try take(event, sender) }
    if retained.safeKeyCount > before { try onSafe(retained.safeKeyCount) }
    if options.existingKeys == .refused, let existing = sender.sent.firstExisting { throw LoadStop.exists(existing) }
  }

  /// Waits on if more replicas may still confirm the keys.
  private func waitOn(after count: Int, _ sender: Sender) throws {
    let start = shortageTime ?? sender.waitTime
    shortageTime = start
    var (end, now) = (start + Self.confirmationTime.nanoseconds, MonotonicTime.now)
    if let reconnectionTime { end = max(end, reconnectionTime + Self.failoverTime.nanoseconds) }
    if case .sentinels = connector.settings.address.target {
      // In a planned failover, the former master stays up for a while, without replicas.
      let master = try connector.connect(to: .master)
      defer { master.link.close() }
      if let client = sender.client, let other = try master.client(),
        other.process.identifier != client.process.identifier
      {
        throw TransferError(.notMaster, at: sender.connection.server)
      }
      end = max(end, start + Self.failoverTime.nanoseconds)
    }
    now = MonotonicTime.now
    guard now < end else { throw LoadStop.tooFewReplicas(count) }
    sender.mustAskAgain()
  }

  /// Compares the keys that were perhaps sent before, and that the server has, with those of the input.
  private func compareKept(_ events: [SentUnits.Event], _ sender: Sender) throws {
    let keys = events.compactMap { event in if case .kept(let key) = event { key } else { nil } }
    guard !keys.isEmpty else { return }
    var comparison = try sender.comparison ?? KeptKeyComparison(connector.connect(to: .master))
    sender.comparison = nil
    let different = try comparison.different(among: keys) { options.onlyDatabase ?? $0.database }
    sender.comparison = comparison
    if options.existingKeys == .refused, let first = different.first { throw LoadStop.exists(first.failure) }
    differentKeyCount += UInt64(different.count)
  }

  private func take(_ event: SentUnits.Event, _ sender: Sender) throws {
    switch event {
    case .failure(let failure):
      switch failure.error.remedy {
      case .findingMaster, .waiting:
        throw TransferError(
          .refused(command: String(decoding: failure.command, as: UTF8.self), failure.error),
          at: sender.connection.server
        )
      default: break
      }
      // A key that ends the load is not skipped: a later run sends it again.
      if options.onError == .stop || failure.error.remedy != .none { throw LoadStop.refused(failure) }
      if refusedKeys.count >= Self.failureLimit || refusedKeys.insert(failure.ordinal).inserted { refusedKeyCount += 1 }
      if failures.count < Self.failureLimit { failures.append(failure) }
    case .selected(let database): sender.selected(database)
    case .selectFailed(let database, let error): throw LoadStop.databaseRefused(database, error)
    case .replicated(let count, let unitCount):
      sender.waited()
      guard retained.replicated(to: count, unitCount: unitCount, on: sender.number) else {
        return try waitOn(after: count, sender)
      }
      shortageTime = nil
    case .waitFailed(let error):
      // The answer of a master that became a replica while it waited.
      if error.words.starts(with: "UNBLOCKED".utf8) || String(decoding: error.words, as: UTF8.self).contains("replica")
      {
        throw TransferError(.notMaster, at: sender.connection.server)
      }
      throw TransferError(.refused(command: "WAIT", error), at: sender.connection.server)
    case .ownWriteFailed(let error):
      throw TransferError(.refused(command: "SET", error), at: sender.connection.server)
    case .kept: break
    }
  }

  // MARK: Lost connections

  /// Runs `body`; if the connection is lost in it, connects again and sends again what is not safe.
  private func onSender(_ index: Int, _ body: (Sender) throws -> Void) throws {
    do { return try body(senders[index]) } catch let error as TransferError {
      guard error.canRetry else { throw error }
      try restore(index, after: error)
    }
  }

  private func restore(_ index: Int, after error: TransferError) throws {
    var error = error
    try takeLastReplies(senders[index])
    while true {
      try noteLoss(of: senders[index], error)
      var units = try takeUnits(of: senders[index])
      retire(senders[index])
      senders[index] = try reconnect(senders[index], after: error)
      try requireKeys(senders[index])
      units = renamed(units)
      for unit in units { retained.sent(unit, on: senders[index].number) }
      do { return try sendAgain(units, on: senders[index]) } catch let next as TransferError {
        guard next.canRetry else { throw next }
        error = next
        try takeLastReplies(senders[index])
      }
    }
  }

  /// Counts a lost connection. Without a limit, a command that makes the server close the connection would be sent again
  /// forever. The connections that are lost at the same time count as one.
  private func noteLoss(of sender: Sender, _ error: TransferError) throws(TransferError) {
    if retained.safeKeyCount > safeKeyCountAtLoss { lossCount = 0 }
    safeKeyCountAtLoss = retained.safeKeyCount
    guard sender.startTime >= lossTime || lossCount == 0 else { return }
    try noteFailure(error)
  }

  private func noteFailure(_ error: TransferError) throws(TransferError) {
    lossTime = MonotonicTime.now
    lossCount += 1
    guard lossCount <= connector.settings.retryCount else { throw error }
  }

  /// Has the input read again if the server lost keys: it was started anew, or is not a former replica.
  private func requireKeys(_ sender: Sender) throws(LoadStop) {
    defer { process = sender.client?.process }
    guard let earlier = process, let new = sender.client?.process,
      !new.continues(earlier, withReplicas: options.replicaCount > 0)
    else { return }
    hasServerRestarted = true
    restartCount += 1
    guard restartCount <= Self.restartLimit else { throw .serverRestarts(restartCount) }
    throw .mustReread(fromKey: 0)
  }

  /// Takes the replies that arrived before a connection was lost: what they confirm is not sent again.
  private func takeLastReplies(_ sender: Sender) throws {
    do {
      while try sender.connection.link.take({ sender.connection.decoder.feed($0) }) { try takeReplies(sender) }
    } catch is TransferError {}
  }

  /// Returns the units of a lost connection that must be sent again.
  private func takeUnits(of sender: Sender) throws(LoadStop) -> [KeyUnit] {
    switch retained.lost(sender.number) {
    case .units(let units): return units
    case .mustReread(let key): throw .mustReread(fromKey: key)
    }
  }

  /// Connects again, with longer pauses the more often that was necessary since a key became safe.
  ///
  /// - Parameter first: The error of the lost connection; `nil`: there is no need to wait.
  private func reconnect(_ earlier: Sender, after first: TransferError?) throws(TransferError) -> Sender {
    var last = first
    while true {
      if let last {
        onReconnect(last)
        Connector.pause(max(lossCount - 1, 0))
      }
      do throws(TransferError) {
        let new = try sender(try connector.connect(to: .master), after: earlier)
        if first != nil { reconnectionCount += 1 }
        reconnectionTime = MonotonicTime.now
        return new
      } catch {
        guard error.canRetry else { throw error }
        try noteFailure(error)
        last = error
      }
    }
  }

  private func retire(_ sender: Sender) {
    sender.connection.link.close()
    earlierKeptKeyCount += sender.sent.newKeptKeyCount
    earlierExpiredKeyCount += sender.sent.expiredKeyCount
    sender.sent = SentUnits(onError: options.onError)
  }

  /// Sends units of a lost connection again.
  private func sendAgain(_ units: [KeyUnit], on sender: Sender) throws {
    for unit in units {
      while !sender.sent.hasRoom(for: unit) || !sender.isIn(database(of: unit)) {
        if sender.sent.hasRoom(for: unit), !sender.isIn(database(of: unit)) { try sender.select(database(of: unit)) }
        try sender.connection.link.read { sender.connection.decoder.feed($0) }
        try takeReplies(sender)
      }
      try sender.send(unit, again: true)
    }
    if let last = units.last, last.endsInsideKey, !last.endsInsideCommand {
      // The next unit may need the replies, which come before this connection is lost too.
      while !sender.sent.isEmpty {
        try sender.connection.link.read { sender.connection.decoder.feed($0) }
        try takeReplies(sender)
      }
    }
    try askReplicas(sender)
  }
}
