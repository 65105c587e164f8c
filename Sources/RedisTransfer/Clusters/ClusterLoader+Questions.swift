import RDBConvert
import RDBSupport
import RESP

/// Commands that are sent one after another, and waited for.
extension ClusterLoader {
  /// The node that is asked.
  enum Respondent {
    /// The node that has a slot.
    case slot(UInt16)
    /// A master, as long as it is one.
    case node(Endpoint)
  }

  /// Runs `body` with a connection to a node. If the node sends the key elsewhere, or the connection is lost, runs it again
  /// with the right node, as often as the settings allow.
  ///
  /// - Parameter body: Called with the node, the connection, and whether ASKING must come before each command. Returns an
  ///   error that sends a key elsewhere or says that it must wait; `nil`: there is none.
  /// - Returns: Whether `body` ended without an error; if not, the node is no master any more.
  @discardableResult
  func ask(_ respondent: Respondent, _ body: (ClusterNode, Connection, Bool) throws -> ServerError?) throws -> Bool {
    var (attempt, asked): (Int, Endpoint?) = (0, nil)
    while true {
      attempt += 1
      var endpoint = asked
      switch respondent {
      case .slot(let slot): endpoint = endpoint ?? topology.map.master(of: slot)
      case .node(let node):
        guard topology.map.masters.contains(node) else { return false }
        endpoint = node
      }
      do {
        var error: ServerError? = ServerError(Array("CLUSTERDOWN Hash slot not served".utf8))
        if let endpoint {
          let node = try node(at: endpoint)
          error = try body(node, try questions(node), asked != nil)
        }
        guard let error else { return true }
        asked = try follow(error, attempt, from: endpoint)
        usleep(UInt32(clamping: Self.pause(before: attempt, after: error) / 1000))
      } catch let error as TransferError {
        guard error.canRetry else { throw error }
        guard attempt <= topology.connector.settings.retryCount else { throw GaveUp(error: error) }
        onReconnect(error)
        if let endpoint { nodes[endpoint]?.closeQuestions() }
        usleep(UInt32(clamping: Self.pause(attempt) / 1000))
        asked = nil
        do throws(TransferError) { try topology.refresh(avoiding: endpoint) } catch {
          guard error.canRetry else { throw error }
        }
      }
    }
  }

  private func questions(_ node: ClusterNode) throws(TransferError) -> Connection {
    if let connection = node.questions { return connection }
    let connection = try topology.connect(to: node.endpoint)
    connection.decoder.limits = .values
    node.questions = connection
    return connection
  }

  /// Sends commands for one key, and returns their replies.
  func exchange(_ commands: [[[UInt8]]], _ connection: Connection, _ isAsking: Bool) throws(TransferError)
    -> [RESPValue]
  {
    let asking = isAsking ? RESPText.command("ASKING") : []
    try connection.link.write(commands.flatMap { asking + RESPText.command($0) })
    var replies: [RESPValue] = []
    for _ in commands {
      if isAsking { _ = try connection.receive() }
      replies.append(try connection.receive())
    }
    return replies
  }

  // MARK: Keys that exist

  enum KeptVerdict { case equal, different, gone }

  /// Compares a key that was perhaps sent before, and that a node has, with that of the input.
  func compare(_ units: [KeyUnit], _ failure: SentUnits.Failure) throws -> KeptVerdict {
    let isSmall =
      units.reduce(0) { $0 + $1.bytes.count } <= ApartKey.keptByteLimit && units.last?.endsInsideKey == false
    let key = KeptKey(failure: failure, commands: isSmall ? units.commands(ofKey: failure.ordinal) : [])
    var verdict = KeptVerdict.different
    try ask(.slot(slot(of: units[0]))) { node, connection, isAsking in
      var comparison = KeptKeyComparison(connection, asking: isAsking)
      do throws(TransferError) {
        verdict = try comparison.different(among: [key]) { _ in 0 }.isEmpty ? .equal : .different
      } catch {
        switch error.condition {
        case KeptKeyComparison.keyIsGone: verdict = .gone
        case .refused(_, let refusal) where refusal.remedy == .redirecting:
          // The replies to the questions after the error are still due.
          node.closeQuestions()
          return refusal
        default: throw error
        }
      }
      return nil
    }
    return verdict
  }

  /// Removes a key of which a node has only a part, because it refused the other commands of the transaction.
  func removePart(_ unit: KeyUnit) throws {
    let name = Array(unit.name(of: unit.keys[0]))
    try ask(.slot(slot(of: unit))) { _, connection, isAsking in
      let reply = try exchange([[Array("DEL".utf8), name]], connection, isAsking)[0]
      let error = reply.errorBytes.map { ServerError($0) }
      return error.flatMap { $0.remedy == .redirecting || $0.remedy == .waiting ? $0 : nil }
    }
  }

  // MARK: Function libraries and scripts

  /// Sends a function library or a script to every master.
  func broadcast(_ unit: KeyUnit) throws {
    libraryUnits = unit.startsInsideKey ? libraryUnits + [unit] : [unit]
    guard !unit.endsInsideKey else { return }
    let units = libraryUnits
    libraryUnits = []
    let number = keys.add(units[0], slot: 0, endOrdinal: unit.endOrdinal, keeps: false)
    var (done, isKept, isRefused): (Set<Endpoint>, Bool, Bool) = ([], false, false)
    while let master = topology.map.masters.first(where: { !done.contains($0) }) {
      var isAgain = isAgain(units[0])
      let isMaster = try ask(.node(master)) { node, connection, _ in
        let wasAgain = isAgain
        isAgain = true
        for unit in units { try connection.link.write(unit.bytes) }
        guard let words = try connection.receive().errorBytes else {
          try confirm(node, connection)
          return nil
        }
        let error = ServerError(words)
        let command = units[0].shownName(ofCommand: 0)
        switch error.remedy {
        case .redirecting, .waiting, .findingMaster: return error
        case .changingCredentials, .repairingServer, .none: break
        }
        guard options.existingKeys != .replaced, error.isExistingLibrary else {
          if !isRefused { try refuse(units[0], command: command, error, isPartial: false) }
          isRefused = true
          return nil
        }
        let failure = failure(units[0], command, error)
        if wasAgain {
          var comparison = KeptKeyComparison(connection)
          let key = KeptKey(failure: failure, commands: units.commands(ofKey: failure.ordinal))
          if try comparison.different(among: [key], in: { _ in 0 }).isEmpty { return nil }
        }
        if options.existingKeys == .refused { throw LoadStop.exists(failure) }
        isKept = true
        return nil
      }
      if isMaster { done.insert(master) }
    }
    if isKept { keptKeyCount += 1 }
    let before = keys.safeKeyCount
    keys.markSafe(number)
    if keys.safeKeyCount > before { try onSafe(keys.safeKeyCount) }
  }
}
