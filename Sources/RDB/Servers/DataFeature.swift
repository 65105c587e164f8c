/// The first release of Redis and the first release of Valkey that have a feature; `nil` if the vendor lacks it.
///
/// Valkey 7.2 has all features of Redis 7.2.
package struct FirstReleases: Hashable, Sendable {
  package var redis: ServerVersion?
  package var valkey: ServerVersion?

  /// Releases of one vendor, or of both.
  package init(redis: ServerVersion?, valkey: ServerVersion?) { (self.redis, self.valkey) = (redis, valkey) }

  /// A feature of Redis that Valkey has from the beginning.
  package static func both(_ major: Int, _ minor: Int, _ patch: Int = 0) -> FirstReleases {
    FirstReleases(redis: ServerVersion(.redis, major, minor, patch), valkey: ServerVersion(.valkey, 7, 2))
  }

  /// A feature that Valkey lacks.
  package static func redis(_ major: Int, _ minor: Int, _ patch: Int = 0) -> FirstReleases {
    FirstReleases(redis: ServerVersion(.redis, major, minor, patch), valkey: nil)
  }

  /// Whether `server` has the feature.
  package func isOffered(by server: ServerVersion) -> Bool {
    guard let redis else {
      return valkey.map { server.isAtLeast(.max, 0, valkey: ($0.major, $0.minor)) } ?? false
    }
    return server.isAtLeast(redis.major, redis.minor, redis.patch, valkey: valkey.map { ($0.major, $0.minor) })
  }

  /// The servers with the feature, for messages: `Redis 7.4 or Valkey 9.0`.
  package var neededServer: String {
    var servers: [String] = []
    if let redis {
      servers.append("Redis \(redis.major).\(redis.minor)" + (redis.patch > 0 ? ".\(redis.patch)" : ""))
    }
    if let valkey, valkey.major > 7 { servers.append("Valkey \(valkey.major).\(valkey.minor)") }
    return servers.joined(separator: " or ")
  }
}

/// A kind of data that only some servers can hold.
package enum DataFeature: Hashable, Sendable, CaseIterable {
  case modules, streams, functions, fieldExpiry, keyMetadata, idempotency, releasedEntries, arrays, pathHashes
  /// Idle times and access frequencies of keys, and data of modules that belongs to no key.
  case accessTimes, moduleAux

  /// The first releases with the feature.
  package var since: FirstReleases {
    switch self {
    case .modules: .both(4, 0)
    case .streams, .accessTimes, .moduleAux: .both(5, 0)
    case .functions: .both(7, 0)
    case .fieldExpiry: FirstReleases(redis: ServerVersion(.redis, 7, 4), valkey: ServerVersion(.valkey, 9, 0))
    case .keyMetadata, .idempotency: .redis(8, 6)
    case .releasedEntries, .arrays: .redis(8, 8)
    case .pathHashes: FirstReleases(redis: nil, valkey: ServerVersion(.valkey, 9, 2))
    }
  }

  /// The feature that a value of a kind of data needs; `nil`: all servers have it.
  package init?(of data: DataType) {
    switch data {
    case .stream: self = .streams
    case .module: self = .modules
    case .array: self = .arrays
    case .pathHash: self = .pathHashes
    case .string, .list, .set, .zset, .hash: return nil
    }
  }

  /// The reason why a whole key is lost: `streams need Redis 5.0`.
  package func missingReason(for data: DataType) -> String {
    let what =
      switch data {
      case .module: "modules' values"
      case .pathHash: "path hashes"
      case .string, .list, .set, .zset, .hash, .stream, .array: "\(data)s"
      }
    return "\(what) need \(since.neededServer)"
  }
}
