import RedisTransfer

/// A connection for a synchronisation that adds no entry to Sentinel's list of replicas.
struct SyncConnection {
  let connection: Connection
  /// Whether sentinels can list this client as a replica of its master.
  let isEntered: Bool

  /// Connects to a server, of sentinels' servers to a replica, and refuses a master that sentinels watch or may watch.
  ///
  /// - Parameters:
  ///   - allowsSentinelEntry: Whether such a master is accepted.
  ///   - note: Called before each new attempt, with the error of the last one.
  /// - Throws: `TransferError` or ``Failure``.
  init(_ settings: ServerSettings, allowsSentinelEntry: Bool = false, _ note: (TransferError) -> Void) throws {
    connection = try Connector(settings).reconnect(to: .replica, note)
    let role = try Connector.role(of: connection)
    if case .replica = role {
      isEntered = false
      return
    }
    let isWatched = try SentinelWatch.isWatched(connection)
    isEntered = isWatched ?? true
    if !isEntered || allowsSentinelEntry { return }
    connection.link.close()
    let server = role == nil ? connection.server : "the master \(connection.server)"
    let hint =
      "Give the address of a replica, or of the sentinels. rdb fetch --allow-sentinel-entry reads from it anyway."
    if isWatched == nil {
      throw Failure(
        .refused,
        "the user may not ask whether sentinels watch \(server); they would list this client as one of its replicas",
        hint: "Let the user run ROLE and CLIENT LIST. " + hint)
    }
    throw Failure(
      .refused, "sentinels watch \(server), and would list this client as one of its replicas", hint: hint)
  }
}
