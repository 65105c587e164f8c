import RDBSupport
import RESP

/// Connects to the server of an address, and finds the master that sentinels know.
package struct Connector {
  /// The server that is wanted.
  package enum Wanted: Sendable {
    /// Any server, for reading.
    case any
    /// A master, for writing.
    case master
    /// Of sentinels' servers, a replica that is in step with its master; else any server.
    case replica
  }

  package let settings: ServerSettings
  private let opener: LinkOpener
  private let sentinelOpener: LinkOpener

  /// - Parameters:
  ///   - settings: The address, and how to connect.
  ///   - lock: The lock of all links that can be waited for together.
  /// - Throws: ``TransferError`` (`badSetting`) for a certificate or key that cannot be read.
  package init(_ settings: ServerSettings, sharing lock: Lock = Lock()) throws(TransferError) {
    self.settings = settings
    opener = try LinkOpener(settings, settings.tls, sharing: lock)
    sentinelOpener = try LinkOpener(settings, settings.sentinelTLS)
  }

  /// Connects, asks for the role where it matters, and waits while the server reads its data into memory.
  ///
  /// - Throws: ``TransferError``.
  package func connect(to wanted: Wanted) throws(TransferError) -> Connection {
    let connection: Connection
    switch settings.address.target {
    case .server(let endpoint): connection = try connect(to: endpoint)
    case .socket(let path): connection = try open(try opener.open(socket: path))
    case .sentinels(let sentinels, let name) where wanted == .replica:
      connection = try connect(to: try replicas(name, by: sentinels), of: name)
    case .sentinels(let sentinels, let name):
      connection = try connect(to: try master(name, by: sentinels))
    case .cluster(let nodes): connection = try first(of: nodes)
    }
    try waitUntilLoaded(connection)
    if wanted == .master { try requireMaster(connection) }
    return connection
  }

  /// Connects as ``connect(to:)`` does, and tries again as often as the settings allow.
  ///
  /// - Parameter note: Called before each new attempt, with the error of the last one.
  package func reconnect(to wanted: Wanted, _ note: (TransferError) -> Void = { _ in }) throws(TransferError)
    -> Connection
  {
    try retrying(note) { () throws(TransferError) in try connect(to: wanted) }
  }

  /// Runs `body`, and runs it again after an error that a new connection can mend, as often as the settings allow.
  ///
  /// - Parameter note: Called before each new attempt, with the error of the last one.
  package func retrying<Result>(
    _ note: (TransferError) -> Void = { _ in }, _ body: () throws(TransferError) -> Result
  ) throws(TransferError) -> Result {
    var attempt = 0
    while true {
      do throws(TransferError) { return try body() } catch {
        guard error.canRetry, attempt < settings.retryCount else { throw error }
        note(error)
        Self.pause(attempt)
        attempt += 1
      }
    }
  }

  /// Connects to one server.
  package func connect(to endpoint: Endpoint) throws(TransferError) -> Connection {
    try open(try opener.open(endpoint))
  }

  private func open(_ link: Link) throws(TransferError) -> Connection {
    try Connection(link, credentials: settings.address.credentials, database: settings.address.database)
  }

  private func first(of nodes: [Endpoint]) throws(TransferError) -> Connection {
    var last: TransferError?
    for node in nodes {
      do throws(TransferError) { return try connect(to: node) } catch {
        guard error.canRetry else { throw error }
        last = error
      }
    }
    throw last ?? TransferError(.unreachable("the address names no node"), at: "\(settings.address)")
  }

  // MARK: Roles

  private func requireMaster(_ connection: Connection) throws(TransferError) {
    switch try Self.role(of: connection) {
    // A managed service can forbid ROLE. The first write then shows whether it is a master.
    case .master, nil: return
    case .replica: throw TransferError(.notMaster, at: connection.server)
    case .sentinel: throw TransferError(.unexpectedReply(command: "ROLE"), at: connection.server)
    }
  }

  /// Returns the role of a server; `nil` if the user may not ask for it.
  package static func role(of connection: Connection) throws(TransferError) -> ServerRole? {
    let reply = try connection.reply(to: [Array("ROLE".utf8)])
    if let words = reply.errorBytes {
      let error = ServerError(words)
      if error.kind == .noPermission || error.kind == .unknownCommand { return nil }
      throw connection.refused(Array("ROLE".utf8), error)
    }
    guard let role = ServerRole(reply) else {
      throw TransferError(.unexpectedReply(command: "ROLE"), at: connection.server)
    }
    return role
  }

  /// Connects to the first of `endpoints` that is a replica with a connection to its master.
  private func connect(to endpoints: [Endpoint], of name: [UInt8]) throws(TransferError) -> Connection {
    var last: TransferError?
    for endpoint in endpoints {
      do throws(TransferError) {
        let connection = try connect(to: endpoint)
        if case .replica(_, "connected", _) = try Self.role(of: connection) { return connection }
        connection.link.close()
      } catch {
        guard error.canRetry else { throw error }
        last = error
      }
    }
    throw last ?? TransferError(.noReplica(name: name), at: "\(settings.address)")
  }

  /// Asks the sentinels in turn for the address of a master.
  private func master(_ name: [UInt8], by sentinels: [Endpoint]) throws(TransferError) -> Endpoint {
    try ask(sentinels, about: name, "get-master-addr-by-name") { reply in
      switch SentinelReplies.masterAddress(reply) {
      case .address(let endpoint): .known(settings.announceMap.reached(endpoint))
      case .unknownName: .unknownName
      case nil: .malformed
      }
    }
  }

  /// Asks the sentinels in turn for the addresses of a master's replicas.
  private func replicas(_ name: [UInt8], by sentinels: [Endpoint]) throws(TransferError) -> [Endpoint] {
    try ask(sentinels, about: name, "REPLICAS") { reply in
      guard let replicas = SentinelReplies.replicas(reply) else { return .malformed }
      return .known(replicas.filter(\.isUsable).map { settings.announceMap.reached($0.endpoint) })
    }
  }

  private enum Answer<Value> {
    case known(Value)
    case unknownName
    case malformed
  }

  /// Asks the sentinels in turn, until one knows the name.
  private func ask<Value>(
    _ sentinels: [Endpoint], about name: [UInt8], _ question: String, _ read: (RESPValue) -> Answer<Value>
  ) throws(TransferError) -> Value {
    var reasons: [String] = []
    for sentinel in sentinels {
      do throws(TransferError) {
        let link = try sentinelOpener.open(sentinel)
        defer { link.close() }
        let connection = try Connection(link, credentials: settings.sentinelCredentials)
        let reply = try connection.reply(to: ["SENTINEL", question].map { Array($0.utf8) } + [name])
        if let words = reply.errorBytes {
          let error = ServerError(words)
          // "ERR No such master with that name"
          guard error.kind == .unknown else { throw connection.refused(Array("SENTINEL".utf8), error) }
          reasons.append("\(sentinel) does not know it")
          continue
        }
        switch read(reply) {
        case .known(let value): return value
        case .unknownName: reasons.append("\(sentinel) does not know it")
        case .malformed: throw TransferError(.unexpectedReply(command: "SENTINEL"), at: link.server)
        }
      } catch {
        // A user that one sentinel refuses is hardly welcome at the next.
        if case .refused(_, let refusal) = error.condition, refusal.remedy == .changingCredentials {
          var error = error
          error.server = "the sentinel \(sentinel)"
          throw error
        }
        reasons.append("\(error)")
      }
    }
    throw TransferError(.noMaster(name: name, reasons: reasons), at: "\(settings.address)")
  }

  // MARK: Waiting

  /// The longest time that a server may take to read its data into memory.
  private static let loadingLimit = Duration.seconds(600)

  private func waitUntilLoaded(_ connection: Connection) throws(TransferError) {
    let deadline = MonotonicTime.now + Self.loadingLimit.nanoseconds
    while true {
      let reply = try connection.reply(to: [Array("PING".utf8)])
      guard let words = reply.errorBytes, ServerError(words).kind == .loading else { return }
      guard MonotonicTime.now < deadline else {
        throw TransferError(.stillLoading(Self.loadingLimit), at: connection.server)
      }
      let information = try connection.reply(to: [Array("INFO".utf8), Array("persistence".utf8)])
      let time = ServerInfo(information)?.loadingTime ?? .seconds(1)
      usleep(UInt32(min(max(time, .milliseconds(100)), .seconds(5)).nanoseconds / 1000))
    }
  }

  /// Waits before attempt number `attempt`: longer each time up to 5 s, and never exactly as long as another process.
  package static func pause(_ attempt: Int) {
    let seconds = min(0.1 * Double(1 << min(attempt, 10)), 5)
    usleep(UInt32(seconds * Double.random(in: 0.5...1) * 1e6))
  }
}
