import RDBConvert
import RDBSupport

/// The connections of a load, and the choice of one for each unit.
extension Loader {
  /// - Parameter earlier: The lost sender whose place it takes. Commands of it that the server still has must not mix
  ///   with the same commands on the new connection.
  func sender(_ connection: Connection, after earlier: Sender?) throws(TransferError) -> Sender {
    connectionCount += 1
    let sender = try Sender(
      connection, number: connectionCount, options, database: UInt64(connector.settings.address.database))
    if let earlier, try !sender.end(earlier) { attempt = attempt % (TemporaryName.unusedAttempt - 1) + 1 }
    return sender
  }

  /// Gives units that are sent again other temporary names, if commands of the lost connection may still run: on the same
  /// name, they would mix with their repetition.
  func renamed(_ units: [KeyUnit]) -> [KeyUnit] {
    units.map { unit in
      var unit = unit
      let names = unit.useTemporaryNames(ofAttempt: attempt)
      let database = database(of: unit)
      formerNames += names.prefix(Self.formerNameLimit - formerNames.count).map { (database, $0) }
      return unit
    }
  }

  /// Removes the temporary names that commands of lost connections may have left.
  func removeFormerNames() throws(TransferError) {
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

  func database(of unit: KeyUnit) -> UInt64 { options.onlyDatabase ?? unit.database }

  func senderWithRoom(for unit: KeyUnit) throws -> Int {
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
  func askReplicas(_ sender: Sender, isLast: Bool = false) throws(TransferError) {
    guard options.replicaCount > 0, sender.canAskReplicas, sender.unconfirmedByteCount > 0 else { return }
    guard isLast || sender.unconfirmedByteCount >= Self.confirmedByteCount || sender.isWaitDue else { return }
    // A server that waits for its replicas does not answer meanwhile, and must not be taken for a silent one.
    let time = min(Self.confirmationTime.nanoseconds, connector.settings.replyTimeout.nanoseconds / 2)
    try sender.wait(for: options.replicaCount, milliseconds: max(time / 1_000_000, 1))
  }

  func askAllReplicas() throws {
    for index in senders.indices { try onSender(index) { sender in try askReplicas(sender, isLast: true) } }
  }
}
