import RDBSupport
import RESP

/// What replies mean for the keys of a load.
extension Loader {
  /// Waits for replies, and takes them.
  func wait() throws {
    let time = connector.settings.replyTimeout
    guard Link.wait(for: senders.map(\.connection.link), atMost: time) else {
      let index = senders.firstIndex { !$0.sent.isEmpty } ?? 0
      return try restore(index, after: TransferError(.timedOut(time), at: senders[index].connection.server))
    }
    try receive()
  }

  /// Takes the replies that have arrived.
  func receive() throws {
    for index in senders.indices {
      try onSender(index) { sender in
        while try sender.connection.link.take({ sender.connection.decoder.feed($0) }) { try takeReplies(sender) }
        try takeReplies(sender)
      }
    }
  }

  func takeReplies(_ sender: Sender) throws {
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
  func waitOn(after count: Int, _ sender: Sender) throws {
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
  func compareKept(_ events: [SentUnits.Event], _ sender: Sender) throws {
    let keys = events.compactMap { event in if case .kept(let key) = event { key } else { nil } }
    guard !keys.isEmpty else { return }
    var comparison = try sender.comparison ?? KeptKeyComparison(connector.connect(to: .master))
    sender.comparison = nil
    let different = try comparison.different(among: keys) { options.onlyDatabase ?? $0.database }
    sender.comparison = comparison
    if options.existingKeys == .refused, let first = different.first { throw LoadStop.exists(first.failure) }
    differentKeyCount += UInt64(different.count)
  }

  func take(_ event: SentUnits.Event, _ sender: Sender) throws {
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
}
