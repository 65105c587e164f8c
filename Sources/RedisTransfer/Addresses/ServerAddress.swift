/// The address of a server, of a master that sentinels know, or of a cluster.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  /// The way to the server.
  package enum Target: Hashable, Sendable {
    case server(Endpoint)
    /// The path of a Unix socket.
    case socket([UInt8])
    case sentinels([Endpoint], masterName: [UInt8])
    /// Some nodes of a cluster, of which the others are learned.
    case cluster([Endpoint])
  }

  package var target: Target
  /// Whether the connection is encrypted.
  package var usesTLS: Bool
  /// The credentials for servers with data, not for sentinels.
  package var credentials: Credentials?
  package var database: Int32

  package init(_ target: Target, usesTLS: Bool = false, credentials: Credentials? = nil, database: Int32 = 0) {
    (self.target, self.usesTLS, self.credentials, self.database) = (target, usesTLS, credentials, database)
  }

  /// The address as a URI without user and password.
  package var description: String {
    let end = database == 0 ? "" : "/\(database)"
    switch target {
    case .server(let endpoint): return (usesTLS ? "rediss://" : "redis://") + "\(Self.list([endpoint]))\(end)"
    case .socket(let path):
      return "redis-socket://" + Percent.encode(path, keeping: "/") + (database == 0 ? "" : "?database=\(database)")
    case .sentinels(let endpoints, let name):
      return "redis-sentinel://\(Self.list(endpoints))/\(Percent.encode(name))\(end)"
    case .cluster(let endpoints): return "redis-cluster://\(Self.list(endpoints))\(end)"
    }
  }

  private static func list(_ endpoints: [Endpoint]) -> String {
    endpoints.map { endpoint in
      // A zone of an IPv6 address follows a "%", which a URI encodes.
      Endpoint(host: Percent.encode(Array(endpoint.host.utf8), keeping: ":"), port: endpoint.port).description
    }.joined(separator: ",")
  }
}
