import RDB
import RDBConvert
import RDBFormat
import RedisTransfer

/// The server, or the masters of a cluster, that a command loads keys into, and what they told before the first write.
struct LoadTarget {
  /// A server that gets keys.
  struct Master {
    /// The server, as messages show it.
    let server: String
    /// The address of a master of a cluster; `nil`: the only server.
    let endpoint: Endpoint?
    let facts: ServerFacts
    /// Whether the server takes RESTORE from this user.
    let canRestore: Bool
    /// The part of all keys that it will have, from 0 to 1: its share of the slots.
    let share: Double

    fileprivate init(_ connection: Connection, at endpoint: Endpoint?, share: Double) throws(TransferError) {
      (server, self.endpoint, self.share) = (connection.server, endpoint, share)
      facts = try connection.facts()
      canRestore = try RestoreProbe.canRestore(connection)
    }
  }

  let connector: Connector
  /// The slot map of a cluster; `nil`: one server.
  let topology: ClusterTopology?
  /// The only server, or the masters of a cluster, of which there is at least one.
  let masters: [Master]
  /// The number of databases; `nil` if the user may not know it.
  let databaseCount: UInt64?

  /// Connects to the server or to all masters of the cluster, and asks them.
  ///
  /// - Throws: `TransferError`.
  init(_ settings: ServerSettings) throws(TransferError) {
    connector = try Connector(settings)
    guard case .cluster = settings.address.target else {
      let connection = try connector.connect(to: .master)
      defer { connection.link.close() }
      topology = nil
      masters = [try Master(connection, at: nil, share: 1)]
      databaseCount = try connection.databaseCount()
      return
    }
    let topology = try ClusterTopology(connector)
    self.topology = topology
    var masters: [Master] = []
    for endpoint in topology.map.masters {
      let connection = try topology.connect(to: endpoint)
      defer { connection.link.close() }
      let share = Double(topology.slots(of: endpoint).count) / Double(SlotMap.slotCount)
      masters.append(try Master(connection, at: endpoint, share: share))
    }
    self.masters = masters
    databaseCount = 1
  }

  /// The target, as messages show it.
  var server: String { topology == nil ? masters[0].server : "\(connector.settings.address)" }

  /// The facts of the server; of a cluster, those of its oldest master.
  var facts: ServerFacts {
    (masters.min { $0.facts.version.rdbVersion < $1.facts.version.rdbVersion } ?? masters[0]).facts
  }

  /// Whether all servers take RESTORE from this user.
  var canRestore: Bool { masters.allSatisfy(\.canRestore) }

  /// The program and its release: `Redis 7.0`.
  var release: String { facts.version.shownRelease }

  /// Refuses the address of one node of a cluster.
  ///
  /// - Throws: ``Failure``.
  func refuseClusterNode() throws {
    guard topology == nil, facts.info.isClusterNode else { return }
    throw Failure(
      .refused, "\(server) is a node of a cluster, and the address is that of a single server",
      hint:
        "Write redis-cluster://host:port as the address: the keys then go to all masters.")
  }

  /// Connects to each master.
  ///
  /// - Throws: `TransferError`.
  func connections() throws(TransferError) -> [Connection] {
    var connections: [Connection] = []
    for master in masters { connections.append(try connection(to: master.endpoint)) }
    return connections
  }

  /// Connects to a master or replica.
  ///
  /// - Parameter endpoint: Its address; `nil`: the only master.
  /// - Throws: `TransferError`.
  func connection(to endpoint: Endpoint?) throws(TransferError) -> Connection {
    if let endpoint { try connector.connect(to: endpoint) } else { try connector.connect(to: .master) }
  }

  /// Returns the options of the sink that writes commands for the server.
  ///
  /// - Parameter database: The database of all keys; `nil`: their own.
  func sinkOptions(
    _ content: LoadedContentArguments, _ existing: ExistingKeyArguments, only database: UInt64?
  ) -> RESPOptions {
    var options = content.options(
      for: facts.version, databaseCount: databaseCount ?? .max, existing: existing.existing,
      canRestore: canRestore)
    options.singleDatabase = database != nil
    options.isolatesKeys = topology != nil
    return options
  }

  /// Returns the sizes of units.
  func unitLimits(_ sending: SendingArguments) -> KeyCutter.Limits { topology == nil ? sending.unitLimits : .perKey }

  /// Returns the options of a loader.
  ///
  /// - Parameter database: The database of all keys; `nil`: their own.
  func loadOptions(_ sending: SendingArguments, _ existing: ExistingKeyArguments, only database: UInt64?) -> LoadOptions
  {
    var options = LoadOptions()
    options.connectionCount = sending.connections
    options.onError = sending.onError == .skip ? .skip : .stop
    options.existingKeys = existing.replace ? .replaced : existing.nx ? .kept : .refused
    let replicaCount = masters.map { $0.facts.info.replicaCount ?? 0 }.min() ?? 0
    options.replicaCount = sending.waitReplicas ?? Int(min(replicaCount, 1))
    options.bytesPerSecond = sending.maxRate?.byteCount
    options.keysPerSecond = sending.maxKeys
    options.onlyDatabase = database
    return options
  }

  /// Returns a loader into the server, or into the cluster.
  ///
  /// - Throws: `TransferError` or `LoadStop`.
  func loader(_ options: LoadOptions) throws -> any KeyLoader {
    if let topology { return try ClusterLoader(topology, options) }
    return try Loader(connector, options)
  }
}
