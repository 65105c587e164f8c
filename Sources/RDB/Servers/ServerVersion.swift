public import RDBFormat

/// A release of Redis or Valkey, such as `redis-7.2` or `valkey-9.0`; knows what the release writes and can load.
public struct ServerVersion: Hashable, Sendable, CustomStringConvertible {
  /// Redis or Valkey.
  public var vendor: Vendor
  /// The first number.
  public var major: Int
  /// The second number.
  public var minor: Int
  /// The third number.
  public var patch: Int

  /// Creates a version from its numbers.
  public init(_ vendor: Vendor, _ major: Int, _ minor: Int, _ patch: Int = 0) {
    (self.vendor, self.major, self.minor, self.patch) = (vendor, major, minor, patch)
  }

  /// Parses `7.2`, `7.2.6`, `redis-7.2` or `valkey-9.0`; other text gives `nil`. `255.255.255`, the version of development
  /// builds, is newer than all others.
  ///
  /// - Parameters:
  ///   - text: The version, with or without its vendor.
  ///   - vendor: The vendor of a text that does not name one.
  public init?(_ text: String, vendor: Vendor = .redis) {
    var rest = Substring(text)
    var vendor = vendor
    for known in [Vendor.redis, .valkey] where rest.hasPrefix(known.rawValue + "-") {
      vendor = known
      rest = rest.dropFirst(known.rawValue.count + 1)
    }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.prefix(3).map { part in Int(part.prefix { $0.isASCII && $0.isNumber }) }
    guard parts.count >= 2, let major = numbers[0], let minor = numbers[1] else { return nil }
    self.init(vendor, major, minor, numbers.count > 2 ? numbers[2] ?? 0 : 0)
  }

  /// `7.2` of Redis, `valkey-9.0` of Valkey.
  public var description: String {
    vendor == .redis ? "\(major).\(minor)" : "\(vendor.rawValue)-\(major).\(minor)"
  }

  /// Whether this is at least a given release of Redis, or at least the release `valkey` of Valkey.
  ///
  /// - Parameters:
  ///   - major: The first number of the release of Redis.
  ///   - minor: Its second number.
  ///   - patch: Its third number.
  ///   - valkey: The first two numbers of the release of Valkey. The default means each release of Valkey, which began
  ///     as Redis 7.2; `nil` means none.
  package func isAtLeast(_ major: Int, _ minor: Int, _ patch: Int = 0, valkey: (Int, Int)? = (0, 0))
    -> Bool
  {
    switch vendor {
    case .redis:
      return (self.major, self.minor, self.patch) >= (major, minor, patch)
    case .valkey:
      guard let valkey else { return false }
      return (self.major, self.minor) >= valkey
    }
  }

  /// The latest expiry of a hash field of Redis, in milliseconds. Source: `HFE_MAX_ABS_TIME_MSEC` in Redis `src/server.h`.
  package static let latestRedisFieldExpiry: Int64 = (1 << 46) - 1

  /// Each row: the first release that writes the RDB version.
  private static let redisWrites: [(from: (Int, Int), version: Int)] = [
    ((1, 0), 1), ((2, 4), 2), ((2, 6), 6), ((3, 2), 7), ((4, 0), 8), ((5, 0), 9), ((7, 0), 10),
    ((7, 2), 11), ((7, 4), 12), ((8, 6), 13), ((8, 8), 14), ((8, 10), 15),
  ]
  private static let valkeyWrites: [(from: (Int, Int), version: Int)] = [
    ((7, 2), 11), ((9, 0), 80), ((9, 2), 81),
  ]

  /// The releases that began to write a new RDB version, oldest first.
  package static func releases(of vendor: Vendor) -> [ServerVersion] {
    (vendor == .redis ? redisWrites : valkeyWrites).map { ServerVersion(vendor, $0.from.0, $0.from.1) }
  }

  /// The RDB version that this release writes, which is also the newest that it loads.
  package var rdbVersion: Int {
    let rows = vendor == .redis ? Self.redisWrites : Self.valkeyWrites
    return rows.last { (major, minor) >= $0.from }?.version ?? rows[0].version
  }

  /// The oldest release that writes `version`. Versions 3–5 were written during the development of 2.6: for them, 2.6.
  package static func oldestWriter(of version: Int, vendor: Vendor) -> ServerVersion {
    let rows = vendor == .redis ? redisWrites : valkeyWrites
    let row = rows.first { $0.version >= version } ?? rows[rows.count - 1]
    return ServerVersion(vendor, row.from.0, row.from.1)
  }

  /// Whether this release can load a value of `type`, in a file or by RESTORE, if the type's number and the RDB version are
  /// adapted to it.
  package func canLoad(_ type: ValueType) -> Bool {
    let row = type.row
    if row.vendor != nil && row.vendor != vendor { return false }
    if type == .modulePreGA { return false }
    // Releases before and after these types write RDB version 1: compare the release.
    if type == .zset { return isAtLeast(1, 2) }
    if type == .hash { return isAtLeast(2, 0) }
    if vendor == .valkey { return row.since <= 11 || row.vendor == .valkey && row.since <= rdbVersion }
    return row.since <= rdbVersion
  }
}
