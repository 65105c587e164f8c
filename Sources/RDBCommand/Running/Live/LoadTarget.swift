import RDBConvert
import RedisTransfer

/// The server that a command loads keys into, and what it told before the first write.
struct LoadTarget {
  let connector: Connector
  /// The server, as messages show it.
  let server: String
  let facts: ServerFacts
  /// Whether the server takes RESTORE from this user.
  let canRestore: Bool
  /// The number of databases; `nil` if the user may not know it.
  let databaseCount: UInt64?

  /// Connects to the server, and asks it.
  ///
  /// - Throws: `TransferError`.
  init(_ settings: ServerSettings) throws(TransferError) {
    connector = try Connector(settings)
    let connection = try connector.connect(to: .master)
    server = connection.server
    facts = try connection.facts()
    canRestore = try RestoreProbe.canRestore(connection)
    databaseCount = try connection.databaseCount()
    connection.link.close()
  }

  /// The program and its release: `Redis 7.0`.
  var release: String { facts.version.shownRelease }

  /// Refuses a node of a cluster.
  ///
  /// - Throws: ``Failure``.
  func refuseClusterNode() throws {
    guard facts.info.isClusterNode else { return }
    throw Failure(
      .refused, "\(server) is a node of a cluster, and keys are not distributed over nodes yet",
      hint: "rdb split --nodes nodes.conf writes a snapshot per node, which the nodes load when they start.")
  }

  /// Returns the options of the sink that writes commands for the server.
  ///
  /// - Parameter database: The database of all keys; `nil`: their own.
  func sinkOptions(
    _ content: LoadedContentArguments, _ existing: ExistingKeyArguments, only database: UInt64?
  ) -> RESPOptions {
    var options = content.options(
      for: facts.version, databaseCount: databaseCount ?? .max, existing: existing.existing, canRestore: canRestore)
    options.singleDatabase = database != nil
    return options
  }

  /// Returns the options of a loader.
  ///
  /// - Parameter database: The database of all keys; `nil`: their own.
  func loadOptions(_ sending: SendingArguments, _ existing: ExistingKeyArguments, only database: UInt64?) -> LoadOptions
  {
    var options = LoadOptions()
    options.connectionCount = sending.connections
    options.onError = sending.onError == .skip ? .skip : .stop
    options.existingKeys = existing.replace ? .replaced : existing.nx ? .kept : .refused
    options.replicaCount = sending.waitReplicas ?? Int(min(facts.info.replicaCount ?? 0, 1))
    options.bytesPerSecond = sending.maxRate?.byteCount
    options.keysPerSecond = sending.maxKeys
    options.onlyDatabase = database
    return options
  }
}
