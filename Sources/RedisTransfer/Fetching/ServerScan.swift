import RDB
import RDBFormat
import RDBSupport
import RESP

/// A snapshot of a server that refuses a synchronisation, made by a ``ScanRound`` per database.
///
/// The snapshot is not from one point in time. It can hold a key twice (see ``ScanRound``). It lacks what commands do not
/// tell: idle times and frequencies of keys, and the data that modules keep outside keys.
package final class ServerScan {
  private let connector: Connector
  private let wanted: Connector.Wanted
  private var connection: Connection
  /// The number of connections that were lost one after another, without a key between them.
  private var lossCount = 0
  /// The number of times that the server asked to wait, one after another.
  private var waitCount = 0

  /// The facts about the server.
  package let facts: ServerFacts
  /// The keys and functions that the server refused to give, and the keys that did not exist any more.
  package private(set) var ledger = Ledger()

  /// Connects, and asks for the facts.
  ///
  /// - Throws: ``TransferError``.
  package init(_ connector: Connector, to wanted: Connector.Wanted) throws(TransferError) {
    (self.connector, self.wanted) = (connector, wanted)
    let connection = try connector.reconnect(to: wanted)
    self.connection = connection
    facts = try connection.facts()
  }

  /// Writes the snapshot.
  ///
  /// - Parameters:
  ///   - destination: The destination of the snapshot.
  ///   - note: Called with the numbers of keys and bytes so far, after each key.
  /// - Returns: The numbers of all.
  /// - Throws: ``TransferError``, `RDBError`, and the errors of `note`.
  package func write(
    to destination: any ByteDestination, _ note: (_ keyCount: UInt64, _ byteCount: UInt64) throws -> Void
  ) throws -> RDBWriter.Summary {
    let version = facts.version
    let header = SnapshotHeader(
      vendor: version.rdbVersion >= 80 ? .valkey : .redis, version: version.rdbVersion)
    var writer = try RDBWriter(to: destination, header: header)
    if header.version >= 7 {
      let field = version.vendor == .valkey ? "valkey" : "redis"
      try writer.aux("\(field)-ver", facts.info["\(field)_version"] ?? "")
      if let time = facts.time { try writer.aux("ctime", "\(time.milliseconds / 1000)") }
    }
    try writeFunctions(to: &writer)
    for database in facts.info.databases {
      try writer.selectDatabase(UInt64(database.number))
      if header.version >= 7 {
        try writer.databaseSize(keys: database.keyCount, expiring: database.expiringCount)
      }
      try scan(database.number, to: &writer, note)
    }
    return try writer.finish()
  }

  private func writeFunctions(to writer: inout RDBWriter) throws {
    guard facts.version.isAtLeast(7, 0) else { return }
    let reply = try connection.reply(to: ["FUNCTION", "LIST", "WITHCODE"].map { Array($0.utf8) })
    if let words = reply.errorBytes {
      let error = ServerError(words).withoutArguments()
      ledger.lose(.functionLibrary, "the server refuses FUNCTION LIST: \(printable(error.words, limit: 128))", count: 1)
      return
    }
    for library in reply.elements ?? [] {
      guard let code = library.fields?["library_code"]?.bytes else {
        throw TransferError(.unexpectedReply(command: "FUNCTION LIST"), at: connection.server)
      }
      try writer.functionLibrary(code.span.bytes)
    }
  }

  private func scan(
    _ database: UInt32, to writer: inout RDBWriter, _ note: (UInt64, UInt64) throws -> Void
  ) throws {
    var round = ScanRound(from: facts.version)
    try select(database)
    while !round.isComplete {
      guard let event = try step(&round, database) else { continue }
      switch event {
      case .key(let key):
        ledger.keysRead += 1
        let expiry = key.expiry.map { UnixMilliseconds($0) }
        try writer.beginStored(
          key.name.span.bytes, key.value.type, KeyAttributes(expiry: expiry, metadata: key.value.metadata),
          module: key.value.module)
        try writer.stored(key.value.payload.span.bytes)
        try writer.endKey()
        ledger.keysWritten += 1
        (lossCount, waitCount) = (0, 0)
        try note(ledger.keysWritten, writer.byteCount)
      case .refused(let name, let error) where error.remedy == .waiting && waitCount < connector.settings.retryCount:
        Connector.pause(waitCount)
        waitCount += 1
        round.retry(name)
      case .refused(let name, let error):
        ledger.keysRead += 1
        ledger.lose(
          .key, "the server refuses it: \(printable(error.withoutArguments().words, limit: 128))", key: name, offset: 0)
      case .unreadable(let name, let error):
        ledger.keysRead += 1
        ledger.lose(.key, "the reply to DUMP is unreadable (\(error.code))", key: name, offset: 0)
      }
    }
    if round.vanishedCount > 0 {
      ledger.note("keys that were deleted or expired during the scan", count: round.vanishedCount)
    }
    if round.inexactCount > 0 {
      ledger.note("expiries that may be late by the time of a slow reply", count: round.inexactCount)
    }
  }

  /// Sends what may be sent, and takes one reply. A lost connection is made again.
  private func step(_ round: inout ScanRound, _ database: UInt32) throws(TransferError) -> ScanRound.Event? {
    let reply: RESPValue
    do throws(TransferError) {
      while let commands = round.takeCommands() {
        for command in commands { try connection.link.write(RESPText.command(command)) }
      }
      reply = try connection.receive()
    } catch {
      guard error.canRetry, lossCount < connector.settings.retryCount else { throw error }
      lossCount += 1
      connection = try connector.reconnect(to: wanted)
      let info = ServerInfo(try connection.call("INFO", "server"))
      // The cursor of another process has another meaning.
      guard info?.runIdentifier == facts.info.runIdentifier else { throw error }
      try select(database)
      round.reconnect()
      return nil
    }
    do throws(Handshake.Failure) { return try round.receive(reply) } catch { throw connection.failed(error) }
  }

  private func select(_ database: UInt32) throws(TransferError) {
    _ = try connection.call("SELECT", "\(database)")
  }
}
