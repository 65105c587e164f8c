import RESP

/// The replies of a sentinel. Each function returns `nil` for a reply that no sentinel sends.
package enum SentinelReplies {
  /// The address of a master, or that the sentinel does not know its name.
  package enum MasterAddress: Hashable, Sendable {
    case address(Endpoint)
    case unknownName
  }

  /// A replica as a sentinel lists it.
  package struct Replica: Hashable, Sendable {
    package var endpoint: Endpoint
    /// Whether the sentinel reaches it: its flags name it neither down nor disconnected.
    package var isUsable: Bool
  }

  /// Reads the reply to `SENTINEL get-master-addr-by-name`.
  package static func masterAddress(_ reply: RESPValue) -> MasterAddress? {
    if reply == .null { return .unknownName }
    guard let parts = reply.elements, parts.count == 2, let host = parts[0].text, !host.isEmpty,
      let port = parts[1].port
    else { return nil }
    return .address(Endpoint(host: host, port: port))
  }

  /// Reads the reply to `SENTINEL REPLICAS`.
  ///
  /// A replica at port 0 is left out: it is a client that asked for a synchronisation without a port of its own.
  package static func replicas(_ reply: RESPValue) -> [Replica]? {
    guard let entries = reply.elements else { return nil }
    var replicas: [Replica] = []
    for entry in entries {
      guard let fields = entry.fields, let host = fields["ip"]?.text, let port = fields["port"]?.number,
        let flags = fields["flags"]?.text
      else { return nil }
      if port == 0 { continue }
      guard let port = UInt16(exactly: port) else { return nil }
      let down: Set<Substring> = ["s_down", "o_down", "disconnected"]
      let isUsable = down.isDisjoint(with: flags.split(separator: ","))
      replicas.append(Replica(endpoint: Endpoint(host: host, port: port), isUsable: isUsable))
    }
    return replicas
  }
}
