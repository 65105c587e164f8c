import RDBSupport
import RedisTransfer

/// Comparisons of what keys need with what the target has.
extension LoadTarget {
  /// Returns a warning if keys of a size are more than the memory limit of the server leaves.
  ///
  /// - Parameter byteCount: The memory of the keys, in bytes.
  func memoryWarning(for byteCount: UInt64) -> String? {
    guard let limit = facts.info.memoryLimit, let used = facts.info.usedMemory else { return nil }
    let left = limit - min(used, limit)
    guard byteCount > left else { return nil }
    return "the keys need about \(readable(byteCount: Double(byteCount))), and \(server) has "
      + "\(readable(byteCount: Double(left))) left of its maxmemory of \(readable(byteCount: Double(limit)))"
      + (facts.info.evictsKeys == true ? "; it will remove keys to make room" : "")
  }

  /// A node, the master or one of its replicas, that does not publish what it must.
  struct Node {
    /// The server, as messages show it.
    let server: String
    /// The letters that its `notify-keyspace-events` lacks.
    let missing: String
    /// The address of a replica; `nil`: the master.
    fileprivate let replica: Endpoint?
  }

  /// Returns the nodes whose `notify-keyspace-events` lacks letters. A replica publishes events too, as soon as it is
  /// the master. A node that cannot be asked is left out.
  func nodes(lacking needed: String) -> [Node] {
    guard !needed.isEmpty else { return [] }
    var nodes: [Node] = []
    func add(_ notifications: KeyspaceNotifications?, _ server: String, _ replica: Endpoint?) {
      guard let missing = notifications?.missing(from: needed), !missing.isEmpty else { return }
      nodes.append(Node(server: server, missing: missing, replica: replica))
    }
    add(facts.notifications, server, nil)
    for announced in facts.info.replicaEndpoints {
      let endpoint = connector.settings.announceMap.reached(announced)
      guard let connection = try? connector.connect(to: endpoint) else { continue }
      add(try? connection.notifications(), connection.server, endpoint)
      connection.link.close()
    }
    return nodes
  }

  /// Adds the letters that nodes lack to their setting, and says so.
  ///
  /// - Throws: `TransferError`.
  func addNotifications(to nodes: [Node], _ progress: ProgressOptions) throws(TransferError) {
    for node in nodes {
      let connection: Connection
      if let replica = node.replica {
        connection = try connector.connect(to: replica)
      } else {
        connection = try connector.connect(to: .master)
      }
      try connection.addNotifications(node.missing)
      connection.link.close()
      progress.say(
        "added \"\(node.missing)\" to notify-keyspace-events of \(node.server); CONFIG REWRITE, or its file, makes it last"
      )
    }
  }
}
