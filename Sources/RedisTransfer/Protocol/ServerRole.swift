import RESP

/// The reply to ROLE.
package enum ServerRole: Hashable, Sendable {
  /// A master with the number of its replicas that are connected.
  case master(replicationOffset: Int64, replicaCount: Int)
  /// A replica. It is in step with its master only if the link is `connected`.
  case replica(of: Endpoint, link: String, replicationOffset: Int64)
  /// A sentinel with the names of its masters.
  case sentinel(masterNames: [[UInt8]])

  /// Reads the reply to ROLE. Returns `nil` if no server sends such a reply.
  package init?(_ reply: RESPValue) {
    guard let parts = reply.elements, let name = parts.first?.text else { return nil }
    switch (name, parts.count) {
    case ("master", 3...):
      guard let offset = parts[1].number, let replicas = parts[2].elements else { return nil }
      self = .master(replicationOffset: offset, replicaCount: replicas.count)
    case ("slave", 5...), ("replica", 5...):
      guard let host = parts[1].text, let port = parts[2].port, let link = parts[3].text, let offset = parts[4].number
      else { return nil }
      self = .replica(of: Endpoint(host: host, port: port), link: link, replicationOffset: offset)
    case ("sentinel", 2...):
      guard let names = parts[1].elements else { return nil }
      self = .sentinel(masterNames: names.compactMap(\.bytes))
    default: return nil
    }
  }
}
