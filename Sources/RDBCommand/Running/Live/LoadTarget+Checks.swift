import RDBSupport
import RedisTransfer

/// Comparisons of what keys need with what the target has.
extension LoadTarget {
  /// Returns warnings if keys of a size are more than the memory limit of a server leaves. Each master of a cluster is
  /// taken to get as much of them as it has of the slots.
  ///
  /// - Parameter byteCount: The memory of the keys, in bytes.
  func memoryWarnings(for byteCount: UInt64) -> [String] {
    masters.compactMap { master in
      let info = master.facts.info
      guard let limit = info.memoryLimit, let used = info.usedMemory else { return nil }
      let (left, needed) = (limit - min(used, limit), Double(byteCount) * master.share)
      guard needed > Double(left) else { return nil }
      return "the keys \(master.endpoint == nil ? "" : "of its slots ")need about \(readable(byteCount: needed)), and "
        + "\(master.server) has \(readable(byteCount: Double(left))) left of its maxmemory of "
        + readable(byteCount: Double(limit))
        + (info.evictsKeys == true ? "; it will remove keys to make room" : "")
    }
  }

  /// A node, the master or one of its replicas, that does not publish what it must.
  struct Node {
    /// The server, as messages show it.
    let server: String
    /// The letters that its `notify-keyspace-events` lacks.
    let missing: String
    /// The address of a replica, or of a master of a cluster; `nil`: the only master.
    fileprivate let endpoint: Endpoint?
  }

  /// Returns the nodes whose `notify-keyspace-events` lacks letters. A replica publishes events too, as soon as it is
  /// the master. A node that cannot be asked is left out.
  func nodes(lacking needed: String) -> [Node] {
    guard !needed.isEmpty else { return [] }
    var nodes: [Node] = []
    func add(_ notifications: KeyspaceNotifications?, _ server: String, _ endpoint: Endpoint?) {
      guard let missing = notifications?.missing(from: needed), !missing.isEmpty else { return }
      nodes.append(Node(server: server, missing: missing, endpoint: endpoint))
    }
    for master in masters {
      add(master.facts.notifications, master.server, master.endpoint)
      for announced in master.facts.info.replicaEndpoints {
        let endpoint = connector.settings.announceMap.reached(announced)
        guard let connection = try? connector.connect(to: endpoint) else { continue }
        add(try? connection.notifications(), connection.server, endpoint)
        connection.link.close()
      }
    }
    return nodes
  }

  /// Adds the letters that nodes lack to their setting, and says so.
  ///
  /// - Throws: `TransferError`.
  func addNotifications(to nodes: [Node], _ progress: ProgressOptions) throws(TransferError) {
    for node in nodes {
      let connection = try connection(to: node.endpoint)
      try connection.addNotifications(node.missing)
      connection.link.close()
      progress.say(
        "added \"\(node.missing)\" to notify-keyspace-events of \(node.server); CONFIG REWRITE, or its file, makes it last"
      )
    }
  }
}
