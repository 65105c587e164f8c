import RDB
import RDBFormat

/// The oldest releases that can take a snapshot's data.
public struct LowestVersions: Hashable, Sendable, Codable {
  /// The oldest of one vendor; `nil`: none of those known.
  public struct Pair: Hashable, Sendable, Codable {
    /// That loads the file as it is: it accepts the header's version and knows every type.
    public var asItIs: String?
    /// That knows every type: the data can be brought into it by RESTORE, under a version it accepts.
    public var byTypes: String?

    enum CodingKeys: String, CodingKey {
      case asItIs = "as_it_is"
      case byTypes = "by_types"
    }
  }

  public var redis = Pair()
  public var valkey = Pair()

  init() {}

  /// - Parameter info: Of a whole file; of a part without the header nothing can be said.
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

  /// Those that began to write a new RDB version or, before versions told, brought a new type.
  private static func releases(_ vendor: Vendor) -> [ServerVersion] {
    let known = ServerVersion.releases(of: vendor)
    guard vendor == .redis else { return known }
    return known.prefix(1) + [ServerVersion(.redis, 1, 2), ServerVersion(.redis, 2, 0)] + known.dropFirst()
  }

  /// Function libraries came with 7.0, which alone loads those of its release candidates.
  private static func accepts(_ functions: Functions, _ server: ServerVersion) -> Bool {
    if functions.preGACount > 0 { return server == ServerVersion(.redis, 7, 0) }
    return functions.count == 0 || server.isAtLeast(7, 0)
  }

  /// Whether a server's loader accepts a header, with its default settings.
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
  /// `redis-7.2`, `valkey-9.0`: what `--target` takes.
  var tag: String { "\(vendor.rawValue)-\(major).\(minor)" }
}
