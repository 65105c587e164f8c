import RESP

extension Connection {
  /// Asks the server what decides whether data can be moved from it or to it.
  ///
  /// - Throws: ``TransferError``.
  package func facts() throws(TransferError) -> ServerFacts {
    var replies: [RESPValue] = []
    for command in ServerFacts.commands { try link.write(RESPText.command(command)) }
    for _ in ServerFacts.commands { replies.append(try receive()) }
    do throws(Handshake.Failure) { return try ServerFacts(replies) } catch { throw failed(error) }
  }

  /// Asks for the number of databases; `nil` if the user may not.
  ///
  /// - Throws: ``TransferError``.
  package func databaseCount() throws(TransferError) -> UInt64? {
    let reply = try reply(to: ["CONFIG", "GET", "databases"].map { Array($0.utf8) })
    return reply.fields?["databases"]?.number.flatMap { UInt64(exactly: $0) }
  }

  /// Asks for the setting `notify-keyspace-events`; `nil` if the user may not.
  ///
  /// - Throws: ``TransferError``.
  package func notifications() throws(TransferError) -> KeyspaceNotifications? {
    let reply = try reply(to: ["CONFIG", "GET", Self.notificationSetting].map { Array($0.utf8) })
    return reply.fields?[Self.notificationSetting]?.text.map(KeyspaceNotifications.init)
  }

  private static let notificationSetting = "notify-keyspace-events"

  /// Adds letters to the setting `notify-keyspace-events` of the running server.
  ///
  /// - Throws: ``TransferError``.
  package func addNotifications(_ letters: String) throws(TransferError) {
    let reply = try call("CONFIG", "GET", Self.notificationSetting)
    guard let present = reply.fields?[Self.notificationSetting]?.text else {
      throw TransferError(.unexpectedReply(command: "CONFIG"), at: server)
    }
    _ = try call("CONFIG", "SET", Self.notificationSetting, KeyspaceNotifications(present).adding(letters))
  }

  /// Whether one of the first thousands of keys of some databases has a name that matches a glob.
  ///
  /// - Throws: ``TransferError``.
  package func hasKeys(like glob: String, in databases: [UInt32]) throws(TransferError) -> Bool {
    var found = false
    for database in databases.prefix(16) where !found {
      _ = try call("SELECT", "\(database)")
      var (cursor, round) = ("0", 0)
      repeat {
        let reply = try call("SCAN", cursor, "MATCH", glob, "COUNT", "1000").elements ?? []
        guard reply.count == 2, let next = reply[0].text else {
          throw TransferError(.unexpectedReply(command: "SCAN"), at: server)
        }
        found = reply[1].elements?.isEmpty == false
        (cursor, round) = (next, round + 1)
      } while cursor != "0" && !found && round < 10
    }
    return found
  }

  /// A connection, as the server knows it.
  struct Client: Hashable, Sendable {
    /// The server's process.
    var process: ServerProcess
    /// The number that the process gave to the connection, and gives to no other.
    var number: Int64
  }

  /// Asks the server what it calls the connection; `nil` if the user may not know it, or the server is older than 5.0.
  ///
  /// - Throws: ``TransferError``.
  func client() throws(TransferError) -> Client? {
    let number = try reply(to: [Array("CLIENT".utf8), Array("ID".utf8)]).number
    let server = ServerInfo(try reply(to: [Array("INFO".utf8), Array("server".utf8)]))
    let replication = ServerInfo(try reply(to: [Array("INFO".utf8), Array("replication".utf8)]))
    guard let number, let process = ServerProcess(server, replication) else { return nil }
    return Client(process: process, number: number)
  }
}
