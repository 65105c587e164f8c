import RDBSupport
import RESP

/// A key that is not sent in the window of commands without waiting, as most are, but alone, and its replies are waited for.
///
/// Such a key has several units, or it is one transaction that must not overwrite an existing key, so that WATCH and EXISTS
/// are asked before it.
struct ApartKey {
  var number: Int
  var slot: UInt16
  /// The units so far; only the first one, without its later commands, once the key is too large to be kept.
  var units: [KeyUnit]
  var byteCount: Int
  /// The number of commands of all units so far.
  var commandCount: Int
  /// Whether WATCH and EXISTS come before it.
  var isGuarded: Bool
  /// Whether a node may have the key already.
  var isAgain: Bool
  /// Whether the rest of the key is left out, because a node has one of its name.
  var isSkipped = false
  /// The node to which a key that is too large to be kept is being sent.
  var stream: Stream?

  struct Stream {
    var node: ClusterNode
    var connection: Connection
    var isAsking: Bool
  }

  /// The largest size of a key, in bytes of commands, that is kept until it is complete.
  static let keptByteLimit = 32 << 20
}

extension ClusterLoader {
  /// Sends a unit of a key that is sent apart.
  func sendApart(_ unit: KeyUnit) throws {
    if unit.startsInsideKey {
      try continueApart(unit)
    } else {
      let slot = slot(of: unit)
      let number = keys.add(unit, slot: slot, endOrdinal: unit.firstOrdinal, keeps: false)
      apart = ApartKey(
        number: number, slot: slot, units: [unit], byteCount: unit.bytes.count, commandCount: unit.commandCount,
        isGuarded: options.existingKeys != .replaced && unit.isTransaction, isAgain: isAgain(unit))
    }
    guard !unit.endsInsideKey, var key = apart else { return }
    apart = nil
    keys.setEnd(key.number, unit.endOrdinal)
    if let stream = key.stream {
      try endStream(key, stream)
    } else if !key.isSkipped {
      try ask(.slot(key.slot)) { node, connection, isAsking in try write(&key, node, connection, isAsking) }
    }
    let before = keys.safeKeyCount
    keys.markSafe(key.number)
    if keys.safeKeyCount > before { try onSafe(keys.safeKeyCount) }
  }

  private func continueApart(_ unit: KeyUnit) throws {
    guard apart?.isSkipped == false else { return }
    apart?.byteCount += unit.bytes.count
    apart?.commandCount += unit.commandCount
    if let stream = apart?.stream {
      try streaming { try stream.connection.link.write(unit.bytes) }
      return
    }
    apart?.units.append(unit)
    guard let key = apart, key.byteCount > ApartKey.keptByteLimit else { return }
    try beginStream(key)
  }

  // MARK: Keys that are kept

  /// Sends a whole key, and waits until it is written and confirmed.
  ///
  /// - Returns: An error that sends the key elsewhere, or says that it must wait; `nil`: it is written or refused.
  private func write(_ key: inout ApartKey, _ node: ClusterNode, _ connection: Connection, _ isAsking: Bool) throws
    -> ServerError?
  {
    while true {
      if key.isGuarded {
        switch try guardKey(key.units[0], connection, isAsking) {
        case .free: break
        case .redirected(let error): return error
        case .exists:
          guard try keep(key.units, again: key.isAgain) else { continue }
          return key.isAgain ? try confirmFound(key, node, connection, isAsking) : nil
        }
      }
      let wasAgain = key.isAgain
      key.isAgain = true
      if isAsking { try connection.link.write(RESPText.command("ASKING")) }
      for unit in key.units { try connection.link.write(unit.bytes) }
      switch try outcome(of: key, connection, isAsking) {
      case .redirected(let error):
        key.isAgain = wasAgain
        return error
      case .changed:
        key.isAgain = wasAgain
        continue
      case .kept:
        guard try keep(key.units, again: wasAgain) else { continue }
        return wasAgain ? try confirmFound(key, node, connection, isAsking) : nil
      case .refused(let command, let error, let isPartial):
        try refuse(key.units[0], command: command, error, isPartial: isPartial)
      case .done: break
      }
      try confirm(node, connection)
      return nil
    }
  }

  /// Waits until enough replicas have a key that an earlier connection has sent (``ClusterNode/wait(for:milliseconds:)``).
  ///
  /// - Returns: An error that sends the key elsewhere, or says that it must wait.
  private func confirmFound(_ key: ApartKey, _ node: ClusterNode, _ connection: Connection, _ isAsking: Bool) throws
    -> ServerError?
  {
    guard options.replicaCount > 0 else { return nil }
    let name = Array(key.units[0].name(of: key.units[0].keys[0]))
    let replies = try exchange(OwnWrite.commands(beside: name), connection, isAsking)
    if let error = replies.lazy.compactMap(\.errorBytes).first.map({ ServerError($0) }) {
      switch error.remedy {
      case .redirecting, .waiting, .findingMaster: return error
      case .changingCredentials, .repairingServer, .none:
        throw TransferError(.refused(command: "SET", error.withoutArguments()), at: connection.server)
      }
    }
    try confirm(node, connection)
    return nil
  }

  private enum GuardResult { case free, exists, redirected(ServerError) }

  /// Watches a key, and asks whether it exists.
  private func guardKey(_ unit: KeyUnit, _ connection: Connection, _ isAsking: Bool) throws -> GuardResult {
    let name = Array(unit.name(of: unit.keys[0]))
    let commands = [[Array("WATCH".utf8), name], [Array("EXISTS".utf8), name]]
    let replies = try exchange(commands, connection, isAsking)
    for words in replies.compactMap(\.errorBytes) {
      let error = ServerError(words)
      switch error.remedy {
      case .redirecting, .waiting, .findingMaster:
        _ = try connection.call("UNWATCH")
        return .redirected(error)
      case .changingCredentials, .repairingServer, .none:
        throw LoadStop.refused(failure(unit, Array("EXISTS".utf8), error))
      }
    }
    guard replies[1].number != 0 else { return .free }
    _ = try connection.call("UNWATCH")
    return .exists
  }

  /// Waits for the replies to a key.
  private func outcome(of key: ApartKey, _ connection: Connection, _ isAsking: Bool) throws -> NodeReplies.Outcome {
    var replies = NodeReplies(countsKept: options.existingKeys != .replaced)
    replies.sent(key.units[0], number: key.number, asking: isAsking, commandCount: key.commandCount)
    do {
      while true {
        for case .ended(_, _, let outcome) in try replies.receive(from: &connection.decoder) { return outcome }
        try connection.link.read { connection.decoder.feed($0) }
      }
    } catch let error as RESPError {
      throw TransferError(.malformedReply(error), at: connection.server)
    } catch is SentUnits.UnrequestedReply {
      throw TransferError(.unexpectedReply(command: "nothing"), at: connection.server)
    }
  }

  /// Waits until enough replicas have what was sent on a connection.
  func confirm(_ node: ClusterNode, _ connection: Connection) throws {
    guard options.replicaCount > 0 else { return }
    while true {
      let reply = try connection.call("WAIT", "\(options.replicaCount)", "\(confirmationMilliseconds)")
      let count = Int(clamping: reply.number ?? 0)
      if count >= options.replicaCount {
        node.shortageTime = nil
        return
      }
      try waitOn(after: count, node)
    }
  }

  // MARK: Keys that are too large to be kept

  /// Finds the node that has the slot now, and sends the units so far. They are not kept any longer.
  private func beginStream(_ key: ApartKey) throws {
    var key = key
    var isKept = false
    try ask(.slot(key.slot)) { node, connection, isAsking in
      switch try guardKey(key.units[0], connection, isAsking) {
      case .redirected(let error): return error
      case .exists where key.isGuarded:
        isKept = true
        return nil
      case .exists, .free: break
      }
      // Only a transaction that must not replace the key needs the watch.
      if !key.isGuarded { _ = try connection.call("UNWATCH") }
      if isAsking { try connection.link.write(RESPText.command("ASKING")) }
      for unit in key.units { try connection.link.write(unit.bytes) }
      key.stream = ApartKey.Stream(node: node, connection: connection, isAsking: isAsking)
      return nil
    }
    // A key of this size is not compared: it counts as another one.
    if isKept { key.isSkipped = try keep([key.units[0]], again: false) }
    key.units.removeLast(key.units.count - 1)
    apart = key
  }

  private func endStream(_ key: ApartKey, _ stream: ApartKey.Stream) throws {
    try streaming {
      switch try outcome(of: key, stream.connection, stream.isAsking) {
      case .redirected(let error):
        throw TransferError(.refused(command: "a key", error), at: stream.connection.server)
      case .changed, .kept: _ = try keep([key.units[0]], again: false)
      case .refused(let command, let error, let isPartial):
        try refuse(key.units[0], command: command, error, isPartial: isPartial)
      case .done: break
      }
      try confirm(stream.node, stream.connection)
    }
  }

  /// Runs `body`. If the node is lost, or sends the key elsewhere, the input must be read again.
  private func streaming(_ body: () throws -> Void) throws {
    do { try body() } catch let error as TransferError {
      var isRedirected = false
      if case .refused(_, let refusal) = error.condition { isRedirected = refusal.remedy == .redirecting }
      guard error.canRetry || isRedirected else { throw error }
      if keys.safeKeyCount > safeKeyCountAtReread { rereadCount = 0 }
      (safeKeyCountAtReread, rereadCount) = (keys.safeKeyCount, rereadCount + 1)
      guard rereadCount <= topology.connector.settings.retryCount else { throw error }
      onReconnect(error)
      Connector.pause(rereadCount - 1)
      throw LoadStop.mustReread(fromKey: keys.safeKeyCount)
    }
  }
}
