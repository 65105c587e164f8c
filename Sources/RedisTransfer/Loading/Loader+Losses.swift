import RDBSupport
import RESP

/// Lost connections of a load: which keys are sent again, and when the load gives up.
extension Loader {
  /// Runs `body`. If it loses the connection, connects again, and sends the keys again that are not safe.
  func onSender(_ index: Int, _ body: (Sender) throws -> Void) throws {
    do { return try body(senders[index]) } catch let error as TransferError {
      guard error.canRetry else { throw error }
      try restore(index, after: error)
    }
  }

  func restore(_ index: Int, after error: TransferError) throws {
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
  func noteLoss(of sender: Sender, _ error: TransferError) throws(TransferError) {
    if retained.safeKeyCount > safeKeyCountAtLoss { lossCount = 0 }
    safeKeyCountAtLoss = retained.safeKeyCount
    guard sender.startTime >= lossTime || lossCount == 0 else { return }
    try noteFailure(error)
  }

  func noteFailure(_ error: TransferError) throws(TransferError) {
    lossTime = MonotonicTime.now
    lossCount += 1
    guard lossCount <= connector.settings.retryCount else { throw error }
  }

  /// Has the input read again if the server lost keys: it was started anew, or is not a former replica.
  func requireKeys(_ sender: Sender) throws(LoadStop) {
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
  func takeLastReplies(_ sender: Sender) throws {
    do {
      while try sender.connection.link.take({ sender.connection.decoder.feed($0) }) { try takeReplies(sender) }
    } catch is TransferError {}
  }

  /// Returns the units of a lost connection that must be sent again.
  func takeUnits(of sender: Sender) throws(LoadStop) -> [KeyUnit] {
    switch retained.lost(sender.number) {
    case .units(let units): return units
    case .mustReread(let key): throw .mustReread(fromKey: key)
    }
  }

  /// Connects again, with longer pauses the more often that was necessary since a key became safe.
  ///
  /// - Parameter first: The error of the lost connection; `nil`: there is no need to wait.
  func reconnect(_ earlier: Sender, after first: TransferError?) throws(TransferError) -> Sender {
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

  func retire(_ sender: Sender) {
    sender.connection.link.close()
    earlierKeptKeyCount += sender.sent.newKeptKeyCount
    earlierExpiredKeyCount += sender.sent.expiredKeyCount
    sender.sent = SentUnits(onError: options.onError)
  }

  /// Sends units of a lost connection again.
  func sendAgain(_ units: [KeyUnit], on sender: Sender) throws {
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
