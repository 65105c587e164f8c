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

  /// Adds letters to the setting `notify-keyspace-events` of the running server.
  ///
  /// - Throws: ``TransferError``.
  package func addNotifications(_ letters: String) throws(TransferError) {
    let name = "notify-keyspace-events"
    let reply = try call("CONFIG", "GET", name)
    guard let present = reply.fields?[name]?.text else {
      throw TransferError(.unexpectedReply(command: "CONFIG"), at: server)
    }
    _ = try call("CONFIG", "SET", name, KeyspaceNotifications(present).adding(letters))
  }

  /// A connection, as the server knows it.
  struct Client: Hashable, Sendable {
    /// The identifier of the server's process.
    var process: String
    /// The number that the process gave to the connection, and gives to no other.
    var number: Int64
  }

  /// Asks the server what it calls the connection; `nil` if the user may not know it, or the server is older than 5.0.
  ///
  /// - Throws: ``TransferError``.
  func client() throws(TransferError) -> Client? {
    let number = try reply(to: [Array("CLIENT".utf8), Array("ID".utf8)]).number
    let information = try reply(to: [Array("INFO".utf8), Array("server".utf8)])
    guard let number, let process = ServerInfo(information)?.runIdentifier else { return nil }
    return Client(process: process, number: number)
  }
}
