import RESP

/// The first commands of a connection: protocol, user, client name, database.
///
/// The handshake has no I/O. Its owner sends ``command``, gives each reply to ``receive(_:)``, and ends when ``command``
/// is `nil`. `HELLO 3` does all but SELECT in one command; a server that does not know it (before 6.0) gets AUTH and
/// CLIENT SETNAME, and the connection keeps RESP2.
///
/// The command holds the password, and is not for a log.
package struct Handshake: Sendable {
  /// The reason for the end of a handshake.
  package enum Failure: Error, Hashable, Sendable {
    /// The server refused the command of this name.
    case refused(command: String, ServerError)
    /// The reply to the command of this name has another form than any server sends.
    case unexpectedReply(command: String)
  }

  private enum Step: Sendable { case hello, authentication, name, database }

  private let credentials: Credentials?
  private let clientName: [UInt8]
  private let database: Int32
  private var steps: [Step]

  /// The version of the protocol, 2 or 3.
  package private(set) var protocolVersion = 2
  /// The version of the server; `nil` if it did not tell it.
  package private(set) var serverVersion: [UInt8]?

  /// - Parameters:
  ///   - credentials: The user; `nil`: the connection keeps the user `default`.
  ///   - clientName: The name in CLIENT LIST, without spaces.
  ///   - database: The database to select.
  ///   - prefersRESP3: Whether to ask for RESP3 first.
  package init(credentials: Credentials?, clientName: String, database: Int32, prefersRESP3: Bool = true) {
    (self.credentials, self.clientName, self.database) = (credentials, Array(clientName.utf8), database)
    steps = []
    steps = prefersRESP3 ? [.hello] + last : first + last
  }

  /// The steps in place of HELLO.
  private var first: [Step] { (credentials == nil ? [] : [.authentication]) + [.name] }
  /// The steps after HELLO.
  private var last: [Step] { database == 0 ? [] : [.database] }

  /// The next command to send, with its arguments; `nil` at the end of the handshake.
  package var command: [[UInt8]]? {
    switch steps.first {
    case nil: return nil
    case .hello:
      var arguments = ["HELLO", "3"].map { Array($0.utf8) }
      if let credentials {
        arguments += [Array("AUTH".utf8), credentials.user ?? Array("default".utf8), credentials.password.bytes]
      }
      return arguments + [Array("SETNAME".utf8), clientName]
    case .authentication:
      guard let credentials else { return nil }
      let user = credentials.user.map { $0 == Array("default".utf8) ? [] : [$0] } ?? []
      // Servers before 6.0 know only the form without a user.
      return [Array("AUTH".utf8)] + user + [credentials.password.bytes]
    case .name: return [Array("CLIENT".utf8), Array("SETNAME".utf8), clientName]
    case .database: return [Array("SELECT".utf8), Array(String(database).utf8)]
    }
  }

  /// Takes the reply to ``command``.
  ///
  /// - Throws: ``Failure``, without the password in it. The connection must then be closed.
  package mutating func receive(_ reply: RESPValue) throws(Failure) {
    guard let step = steps.first else { throw .unexpectedReply(command: "") }
    if let words = reply.errorBytes {
      try refuse(ServerError(words), step)
    } else {
      try accept(reply, step)
    }
  }

  private mutating func accept(_ reply: RESPValue, _ step: Step) throws(Failure) {
    if step == .hello {
      guard let fields = reply.fields, fields["proto"]?.number == 3 else {
        throw .unexpectedReply(command: "HELLO")
      }
      protocolVersion = 3
      serverVersion = fields["version"]?.bytes
    } else if reply.bytes != Array("OK".utf8) {
      throw .unexpectedReply(command: Self.name(of: step))
    }
    steps.removeFirst()
  }

  private mutating func refuse(_ error: ServerError, _ step: Step) throws(Failure) {
    switch (step, error.kind) {
    case (.hello, .unknownCommand), (.hello, .unsupportedProtocol): steps = first + last
    // The name only helps the reader of CLIENT LIST. A user without the permission can still load data.
    case (.name, .noPermission), (.name, .unknownCommand): steps.removeFirst()
    default: throw .refused(command: Self.name(of: step), error.hiding(credentials?.password))
    }
  }

  private static func name(of step: Step) -> String {
    switch step {
    case .hello: "HELLO"
    case .authentication: "AUTH"
    case .name: "CLIENT SETNAME"
    case .database: "SELECT"
    }
  }
}

extension ServerError {
  /// The error without repeated arguments, and without the words of the server if they hold the password.
  fileprivate func hiding(_ secret: Secret?) -> ServerError {
    var error = withoutArguments()
    guard let bytes = secret?.bytes, !bytes.isEmpty, error.words.count >= bytes.count else { return error }
    let holdsSecret = (0...(error.words.count - bytes.count)).contains { error.words[$0...].starts(with: bytes) }
    if holdsSecret { error.words = Array("(an error that repeats the password)".utf8) }
    return error
  }
}
