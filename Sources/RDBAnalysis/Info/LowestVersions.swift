import RDB
import RDBFormat

/// The oldest releases that can load the data of a snapshot.
package struct LowestVersions: Hashable, Sendable, Codable {
  /// The oldest releases of one vendor; `nil` if no known release qualifies.
  package struct Pair: Hashable, Sendable, Codable {
    /// The oldest release that loads the file unchanged: it accepts the version in the header, and knows every type.
    package var asItIs: String?
    /// The oldest release that knows every type, so that RESTORE can load the data under another version.
    package var byTypes: String?

    enum CodingKeys: String, CodingKey {
      case asItIs = "as_it_is"
      case byTypes = "by_types"
    }
  }

  package var redis = Pair()
  package var valkey = Pair()

  init() {}

  /// - Parameter info: The information on a whole file. The result is empty for a part without the header.
  init(of info: SnapshotInfo) {
    guard let version = info.version, let vendor = info.vendor.flatMap(Vendor.init(rawValue:)) else {
      return
    }
    let header = SnapshotHeader(vendor: vendor, version: version)
    redis = Self.pair(.redis, header, info)
    valkey = Self.pair(.valkey, header, info)
  }

  private static func pair(_ vendor: Vendor, _ header: SnapshotHeader, _ info: SnapshotInfo) -> Pair {
    let types = info.valueTypes.keys.compactMap { name in
      ValueType.allCases.first { $0.name == name }
    }
    let able = Self.releases(vendor).filter { server in
      types.allSatisfy { server.canLoad($0) } && accepts(info.functions, server)
    }
    return Pair(
      asItIs: able.first { accepts(header, $0) }?.tag, byTypes: able.first?.tag)
  }

  /// Returns the releases that introduced an RDB version, and Redis 1.2 and 2.0, which introduced types without a new
  /// version.
  private static func releases(_ vendor: Vendor) -> [ServerVersion] {
    let known = ServerVersion.releases(of: vendor)
    guard vendor == .redis else { return known }
    return known.prefix(1) + [ServerVersion(.redis, 1, 2), ServerVersion(.redis, 2, 0)] + known.dropFirst()
  }

  /// Whether a server loads the function libraries. Only 7.0 loads the libraries that its release candidates wrote.
  private static func accepts(_ functions: Functions, _ server: ServerVersion) -> Bool {
    if functions.preGACount > 0 { return server == ServerVersion(.redis, 7, 0) }
    return functions.count == 0 || server.isAtLeast(7, 0)
  }

  /// Whether a server accepts a header, with default settings.
  ///
  /// Redis: versions up to its own. Valkey: `REDIS` up to 11, which it shares with Redis; `VALKEY` from
  /// 80 up to its own. Source: `rdbLoadRioWithLoadingCtx` in Redis and Valkey `src/rdb.c`.
  private static func accepts(_ header: SnapshotHeader, _ server: ServerVersion) -> Bool {
    switch (server.vendor, header.vendor) {
    case (.redis, .redis): header.version <= server.rdbVersion
    case (.redis, .valkey): false
    case (.valkey, .redis): header.version <= 11
    case (.valkey, .valkey): header.version <= server.rdbVersion
    }
  }
}

extension ServerVersion {
  /// The vendor and version, such as `redis-7.2`.
  var tag: String { "\(vendor.rawValue)-\(major).\(minor)" }
}
