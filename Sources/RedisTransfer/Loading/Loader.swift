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
package final class Loader {
  /// The bytes after which replicas are asked whether they have them.
  private static let confirmedByteCount = 4 << 20
  /// The bytes of keys that are not safe yet, beyond which no key is sent until others are safe.
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
  /// The number of keys from which on a key has not been sent before.
  private var firstNewKey: UInt64 = 0
  /// The sender of the last unit, on which the rest of its key follows.
  private var lastSender = 0
  private var bytePace: Pace
  private var keyPace: Pace

  /// The commands that the server refused, up to ``failureLimit``.
  package private(set) var failures: [SentUnits.Failure] = []
  /// The number of commands that the server refused.
  package private(set) var failureCount: UInt64 = 0
  /// The number of connections that were lost and made anew.
  package private(set) var reconnectionCount = 0
  /// Counts of connections that were lost.
  private var earlierKeptKeyCount: UInt64 = 0
  private var earlierExpiredKeyCount: UInt64 = 0

  /// Called with the number of keys that are safe, each time it grows.
  package var onSafe: (UInt64) throws -> Void = { _ in }
  /// Called with the reason before each attempt to connect again.
  package var onReconnect: (TransferError) -> Void = { _ in }

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
      senders.append(try sender(connector.connect(to: .master), after: nil))
    }
  }

  /// Begins the input anew, of which the first `count` keys are not sent.
  ///
  /// - Throws: ``TransferError``.
  package func restart(skipping count: UInt64) throws(TransferError) {
    retained = RetainedUnits(replicaCount: options.replicaCount, skipping: count)
    firstNewKey = count + Self.uncertainKeyCount
    for index in senders.indices {
      let earlier = senders[index]
      retire(earlier)
      senders[index] = try sender(connector.reconnect(to: .master, onReconnect), after: earlier)
    }
  }

  /// The number of keys, from the first one on, that are safe.
  package var safeKeyCount: UInt64 { retained.safeKeyCount }
  /// The number of keys that the server had already, and kept.
  package var keptKeyCount: UInt64 { senders.reduce(earlierKeptKeyCount) { $0 + $1.sent.newKeptKeyCount } }
  /// The number of keys that expired before they were complete.
  package var expiredKeyCount: UInt64 { senders.reduce(earlierExpiredKeyCount) { $0 + $1.sent.expiredKeyCount } }

  /// Sends a unit, after waiting until few enough commands are in flight.
  ///
  /// - Throws: ``LoadStop`` or ``TransferError``.
  package func send(_ unit: KeyUnit) throws {
    bytePace.wait(for: UInt64(unit.bytes.count))
    keyPace.wait(for: UInt64(unit.newKeyCount))
    let index = try senderWithRoom(for: unit)
    retained.sent(unit, on: senders[index].number)
    lastSender = index
    let isAgain = unit.firstOrdinal < firstNewKey
    try onSender(index) { sender in
      try sender.send(unit, again: isAgain)
      try askReplicas(sender)
    }
    try receive()
  }

  /// Waits until all keys are safe.
  ///
  /// - Throws: ``LoadStop`` or ``TransferError``.
  package func finish() throws {
    while !retained.isEmpty {
      try askAllReplicas()
      try wait()
    }
    for sender in senders { sender.connection.link.close() }
  }

  /// Closes the connections.
  package func abandon() { for sender in senders { sender.connection.link.close() } }

  // MARK: Connections

  /// - Parameter earlier: The lost sender whose place it takes. Commands of it that the server still has must not mix
  ///   with the same commands on the new connection.
  private func sender(_ connection: Connection, after earlier: Sender?) throws(TransferError) -> Sender {
    connectionCount += 1
    let sender = try Sender(
      connection, number: connectionCount, options, database: UInt64(connector.settings.address.database))
    if let earlier { try sender.end(earlier) }
    return sender
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
      if retained.byteCount > Self.retainedByteLimit, !unit.startsInsideKey {
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
    try sender.wait(for: options.replicaCount, milliseconds: Self.confirmationTime.nanoseconds / 1_000_000)
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
    retained.answered(unitCount: sender.sent.answeredUnitCount, on: sender.number)
    for event in events { try take(event, sender) }
    if retained.safeKeyCount > before { try onSafe(retained.safeKeyCount) }
    if options.existingKeys == .refused, let existing = sender.sent.firstExisting { throw LoadStop.exists(existing) }
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
      failureCount += 1
      if failures.count < Self.failureLimit { failures.append(failure) }
      if sender.sent.isStopped { throw LoadStop.refused(failure) }
    case .selected(let database): sender.selected(database)
    case .selectFailed(let database, let error): throw LoadStop.databaseRefused(database, error)
    case .replicated(let count, let unitCount):
      sender.waited()
      guard retained.replicated(to: count, unitCount: unitCount, on: sender.number) else {
        guard let reconnectionTime, MonotonicTime.now - reconnectionTime < Self.failoverTime.nanoseconds else {
          throw LoadStop.tooFewReplicas(count)
        }
        return sender.mustAskAgain()
      }
    case .waitFailed(let error):
      throw TransferError(.refused(command: "WAIT", error), at: sender.connection.server)
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
    var (error, attempt) = (error, 0)
    try takeLastReplies(senders[index])
    // A command that makes the server close the connection would do so for ever.
    if retained.safeKeyCount > safeKeyCountAtLoss { lossCount = 0 }
    safeKeyCountAtLoss = retained.safeKeyCount
    lossCount += 1
    guard lossCount <= connector.settings.retryCount + 1 else { throw error }
    while true {
      let units = try takeUnits(of: senders[index])
      retire(senders[index])
      senders[index] = try reconnect(senders[index], after: error, &attempt)
      for unit in units { retained.sent(unit, on: senders[index].number) }
      do { return try sendAgain(units, on: senders[index]) } catch let next as TransferError {
        guard next.canRetry, attempt < connector.settings.retryCount else { throw next }
        error = next
        try takeLastReplies(senders[index])
      }
    }
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

  private func reconnect(
    _ earlier: Sender, after first: TransferError, _ attempt: inout Int
  ) throws(TransferError) -> Sender {
    var error = first
    while true {
      onReconnect(error)
      Connector.pause(attempt)
      attempt += 1
      do throws(TransferError) {
        let new = try sender(try connector.connect(to: .master), after: earlier)
        reconnectionCount += 1
        reconnectionTime = MonotonicTime.now
        return new
      } catch let next {
        guard next.canRetry, attempt <= connector.settings.retryCount else { throw next }
        error = next
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
