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

  /// The most messages without a request before a reply. A server sends none, because no command here asks for them.
  static let pushLimit = 1000

  /// Sends the first commands of a connection and waits for their replies.
  ///
  /// - Parameters:
  ///   - link: The new link.
  ///   - credentials: The user and the password; `nil`: none is sent.
  ///   - database: The database to select.
  ///   - limits: The largest replies after the handshake.
  /// - Throws: ``TransferError``. The link is then closed.
  package init(_ link: Link, credentials: Credentials?, database: Int32 = 0, limits: RESPLimits = .replies)
    throws(TransferError)
  {
    self.link = link
    decoder = RESPDecoder(limits: .handshake)
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
    decoder.limits = limits
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

  /// Returns the next reply if it has arrived already. Messages that the server sends without a request are dropped.
  package func arrivedReply() throws(TransferError) -> RESPValue? {
    var pushCount = 0
    while true {
      do throws(RESPError) {
        while let value = try decoder.next() {
          guard case .push = value else { return value }
          pushCount += 1
          if pushCount > Self.pushLimit { break }
        }
      } catch { throw TransferError(.malformedReply(error), at: server) }
      guard pushCount <= Self.pushLimit else { throw TransferError(.unexpectedReply(command: "nothing"), at: server) }
      guard try link.take({ decoder.feed($0) }) else { return nil }
    }
  }

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
    var pushCount = 0
    while true {
      do throws(RESPError) {
        while let value = try decoder.next() {
          guard case .push = value else { return value }
          pushCount += 1
          if pushCount > pushLimit { break }
        }
      } catch { throw TransferError(.malformedReply(error), at: link.server) }
      guard pushCount <= pushLimit else { throw TransferError(.unexpectedReply(command: "nothing"), at: link.server) }
      try link.read { decoder.feed($0) }
    }
  }
}

extension RESPLimits {
  /// The limits for replies to the first commands, before the server is known to be the right one.
  static var handshake: RESPLimits {
    var limits = RESPLimits()
    (limits.depth, limits.bulkByteCount, limits.replyByteCount, limits.elementCount) = (4, 64 << 10, 256 << 10, 1024)
    return limits
  }

  /// The limits for replies to questions and to commands that write: lists of clients or nodes are the largest.
  package static var replies: RESPLimits {
    var limits = RESPLimits()
    (limits.depth, limits.bulkByteCount, limits.replyByteCount) = (8, 16 << 20, 32 << 20)
    limits.elementCount = 1 << 20
    return limits
  }

  /// The limits for replies to SCAN and DUMP, and for the code of functions.
  static var values: RESPLimits {
    var limits = RESPLimits()
    (limits.depth, limits.elementCount) = (8, 1 << 20)
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
