import RDBSupport
import RESP

/// The slot map of a cluster, as its nodes tell it, and new connections to the nodes.
///
/// The addresses that nodes announce are replaced as the settings say.
package struct ClusterTopology {
  package let connector: Connector
  /// The master of each slot, by the address at which it is reached.
  package private(set) var map: SlotMap
  /// The slots that masters lost from one map to the next.
  private var formerSlots: [Endpoint: Set<UInt16>] = [:]
  /// The time of the last ``refresh(avoiding:)``, in nanoseconds.
  private var refreshTime: UInt64

  /// The shortest time between two questions for the map that no lost node causes.
  private static let refreshInterval = Duration.milliseconds(500)

  /// Asks the nodes of the address for the slot map, as often as the settings allow.
  ///
  /// - Throws: ``TransferError``, also (`notCluster`) if the address is not that of a cluster.
  package init(_ connector: Connector) throws(TransferError) {
    self.connector = connector
    map = try connector.retrying { () throws(TransferError) in
      try Self.ask(Self.seeds(of: connector.settings), connector)
    }
    refreshTime = MonotonicTime.now
  }

  /// The nodes that the address names.
  private static func seeds(of settings: ServerSettings) -> [Endpoint] {
    switch settings.address.target {
    case .cluster(let nodes): nodes
    case .server(let endpoint): [endpoint]
    case .socket, .sentinels: []
    }
  }

  /// Asks the nodes for the slot map again.
  ///
  /// - Parameter node: A node that is asked only if no other one answers; `nil`: none.
  /// - Throws: ``TransferError``. The map is then as before.
  package mutating func refresh(avoiding node: Endpoint? = nil) throws(TransferError) {
    var nodes = map.masters.filter { $0 != node }
    for seed in Self.seeds(of: connector.settings) where !nodes.contains(seed) && seed != node { nodes.append(seed) }
    if let node { nodes.append(node) }
    refreshTime = MonotonicTime.now
    let before = map
    map = try Self.ask(nodes, connector)
    for slot in 0..<UInt16(SlotMap.slotCount) {
      if let master = before.master(of: slot), master != map.master(of: slot) {
        formerSlots[master, default: []].insert(slot)
      }
    }
  }

  /// The slots that a master has, or had by an earlier map. What an error MOVED of the master itself gave away is not
  /// among them.
  package func slots(of master: Endpoint) -> Set<UInt16> {
    (formerSlots[master] ?? []).union((0..<UInt16(SlotMap.slotCount)).filter { map.master(of: $0) == master })
  }

  /// Asks the nodes for the slot map again, unless they were asked a moment ago.
  ///
  /// - Throws: ``TransferError``. The map is then as before.
  package mutating func refreshIfOld() throws(TransferError) {
    guard MonotonicTime.now - refreshTime >= Self.refreshInterval.nanoseconds else { return }
    try refresh()
  }

  /// Takes the address in an error MOVED or ASK of a node.
  package func endpoint(host: String?, port: UInt16, from asked: Endpoint) -> Endpoint {
    // Without a host, the node means its own, by which it was reached.
    guard let host else { return Endpoint(host: asked.host, port: port) }
    return connector.settings.announceMap.reached(Endpoint(host: host, port: port))
  }

  /// Notes that a slot has another master.
  package mutating func move(_ slot: UInt16, to endpoint: Endpoint) { map.move(slot, to: endpoint) }

  /// Connects to a master.
  ///
  /// - Throws: ``TransferError``, also (`notMaster`) if the node is a replica.
  package func connect(to endpoint: Endpoint) throws(TransferError) -> Connection {
    let connection = try connector.connect(to: endpoint)
    if case .replica = try Connector.role(of: connection) {
      connection.link.close()
      throw TransferError(.notMaster, at: connection.server)
    }
    return connection
  }

  /// Asks nodes in turn, until one tells the map.
  private static func ask(_ nodes: [Endpoint], _ connector: Connector) throws(TransferError) -> SlotMap {
    var last: TransferError?
    for node in nodes {
      do throws(TransferError) {
        let connection = try connector.connect(to: node)
        defer { connection.link.close() }
        let reply = try connection.reply(to: ["CLUSTER", "SLOTS"].map { Array($0.utf8) })
        if let words = reply.errorBytes {
          let error = ServerError(words)
          // "ERR This instance has cluster support disabled"
          guard error.kind != .unknown else { throw TransferError(.notCluster, at: connection.server) }
          throw connection.refused(Array("CLUSTER SLOTS".utf8), error)
        }
        guard var map = SlotMap(reply, from: node) else {
          throw TransferError(.unexpectedReply(command: "CLUSTER SLOTS"), at: connection.server)
        }
        map.replaceAddresses { connector.settings.announceMap.reached($0) }
        guard !map.masters.isEmpty else {
          throw TransferError(.unreachable("the node knows no master with slots"), at: connection.server)
        }
        return map
      } catch {
        guard error.canRetry else { throw error }
        last = error
      }
    }
    throw last ?? TransferError(.unreachable("the address names no node"), at: "\(connector.settings.address)")
  }
}
