import RedisTransfer

/// A connection to a server that may be asked for a synchronisation without a trace in what sentinels list.
struct SyncConnection {
  let connection: Connection
  /// Whether sentinels can list this client as a replica of its master.
  let isEntered: Bool

  /// Connects to a server, of sentinels' servers to a replica, and refuses a master that sentinels watch.
  ///
  /// - Parameters:
  ///   - allowsSentinelEntry: Whether such a master is accepted.
  ///   - note: Called before each new attempt, with the error of the last one.
  /// - Throws: `TransferError` or ``Failure``.
  init(_ settings: ServerSettings, allowsSentinelEntry: Bool = false, _ note: (TransferError) -> Void) throws {
    connection = try Connector(settings).reconnect(to: .replica, note)
    guard case .master = try Connector.role(of: connection), try SentinelWatch.isWatched(connection) ?? false else {
      isEntered = false
      return
    }
    isEntered = true
    if allowsSentinelEntry { return }
    connection.link.close()
    throw Failure(
      .refused, "sentinels watch the master \(connection.server), and would list this client as one of its replicas",
      hint: "Give the address of a replica, or of the sentinels. "
        + "rdb fetch --allow-sentinel-entry reads from the master anyway.")
  }
}
