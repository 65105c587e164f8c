import RDBSupport
import RESP

/// A connection to a server, past its handshake: commands go out, replies come in.
package final class Connection {
  package let link: Link
  /// The decoder of what the server sends. After an error it is not used again.
  package var decoder: RESPDecoder
  /// The version of the protocol, 2 or 3.
  package let protocolVersion: Int
  /// The user, as messages show it.
  private let user: String?

  /// Sends the first commands of a connection and waits for their replies.
  ///
  /// - Parameters:
  ///   - link: The new link.
  ///   - credentials: The user and the password; `nil`: none is sent.
  ///   - database: The database to select.
  ///   - limits: The largest replies.
  /// - Throws: ``TransferError``. The link is then closed.
  package init(_ link: Link, credentials: Credentials?, database: Int32 = 0, limits: RESPLimits = .replies)
    throws(TransferError)
  {
    self.link = link
    decoder = RESPDecoder(limits: limits)
    user = credentials.map { "\($0)" }
    var handshake = Handshake(credentials: credentials, clientName: "swift-rdb", database: database)
    var failure: TransferError?
    do throws(TransferError) {
      while let command = handshake.command {
        try link.write(RESPText.command(command))
        let reply = try Self.receive(from: link, &decoder)
        do throws(Handshake.Failure) { try handshake.receive(reply) } catch {
          throw TransferError(handshake: error, at: link.server, user: user)
        }
      }
    } catch { failure = error }
    protocolVersion = handshake.protocolVersion
    if let failure {
      link.close()
      throw failure
    }
  }

  /// The server, as messages show it.
  package var server: String { link.server }

  /// Sends a command, and returns the reply, which can be an error.
  package func reply(to arguments: [[UInt8]]) throws(TransferError) -> RESPValue {
    try link.write(RESPText.command(arguments))
    return try receive()
  }

  /// Sends a command, and returns the reply.
  ///
  /// - Throws: ``TransferError``, also (`refused`) for an error reply.
  package func call(_ arguments: String...) throws(TransferError) -> RESPValue {
    try call(arguments.map { Array($0.utf8) })
  }

  /// Sends a command, and returns the reply.
  ///
  /// - Throws: ``TransferError``, also (`refused`) for an error reply.
  package func call(_ arguments: [[UInt8]]) throws(TransferError) -> RESPValue {
    let reply = try reply(to: arguments)
    guard let words = reply.errorBytes else { return reply }
    throw refused(arguments[0], ServerError(words))
  }

  /// Returns the next reply. Messages that the server sends without a request are dropped.
  package func receive() throws(TransferError) -> RESPValue { try Self.receive(from: link, &decoder) }

  /// Returns the error of a command that the server refused.
  package func refused(_ command: [UInt8], _ error: ServerError) -> TransferError {
    TransferError(
      .refused(command: String(decoding: command, as: UTF8.self), error.withoutArguments()), at: server,
      user: error.remedy == .changingCredentials ? user ?? "user \"default\"" : nil)
  }

  /// Returns the error of a handshake that the server did not go on with.
  func failed(_ failure: Handshake.Failure) -> TransferError {
    TransferError(handshake: failure, at: server, user: user)
  }

  private static func receive(from link: Link, _ decoder: inout RESPDecoder) throws(TransferError) -> RESPValue {
    while true {
      do throws(RESPError) {
        while let value = try decoder.next() {
          if case .push = value { continue }
          return value
        }
      } catch { throw TransferError(.malformedReply(error), at: link.server) }
      try link.read { decoder.feed($0) }
    }
  }
}

extension RESPLimits {
  /// The limits for replies to the commands of this module, of which DUMP has the largest.
  package static var replies: RESPLimits {
    var limits = RESPLimits()
    limits.depth = 16
    return limits
  }
}

extension TransferError {
  /// The error of a handshake.
  fileprivate init(handshake failure: Handshake.Failure, at server: String, user: String?) {
    switch failure {
    case .refused(let command, let error):
      let concernsUser = error.remedy == .changingCredentials
      self.init(
        .refused(command: command, error), at: server, user: concernsUser ? user ?? "user \"default\"" : nil)
    case .unexpectedReply(let command): self.init(.unexpectedReply(command: command), at: server)
    }
  }
}
