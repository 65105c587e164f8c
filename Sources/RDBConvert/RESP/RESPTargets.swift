import RDB

/// A command, or an option of a command, that only some servers have. The table is ``since``.
package enum RESPFeature: String, Hashable, Sendable, CaseIterable {
  case hmset = "HMSET"
  case variadicPush = "RPUSH, SADD, ZADD with several elements"
  case pexpireat = "PEXPIREAT"
  case restore = "RESTORE"
  case scripts = "SCRIPT LOAD"
  case setNX = "SET NX"
  case restoreReplace = "RESTORE REPLACE"
  case variadicHSET = "HSET with several fields"
  case unlink = "UNLINK"
  case modules = "modules"
  case streams = "XADD, XGROUP, XCLAIM, XSETID"
  case restoreABSTTL = "RESTORE ABSTTL IDLETIME FREQ"
  case setPXAT = "SET PXAT"
  case createConsumer = "XGROUP CREATECONSUMER"
  case trimByID = "XTRIM MINID"
  case functions = "FUNCTION LOAD"
  case streamCounters = "XSETID ENTRIESADDED MAXDELETEDID, XGROUP CREATE ENTRIESREAD"
  case manyArguments = "more than 1048576 arguments"
  case fieldExpiry = "HPEXPIREAT"
  case keyMetadata = "RESTORE with key metadata"
  case idempotencySettings = "XCFGSET"
  case idempotencyRecords = "XIDMPRECORD"
  case releasedEntries = "XNACK"
  case arrays = "ARMSET, ARSEEK"
  case pathHashes = "PHSET, PHDEL"

  /// The first release of Redis and the first release of Valkey with the feature; `nil` if the vendor lacks it.
  ///
  /// Valkey 7.2 has all features of Redis 7.2.
  package var since: (redis: ServerVersion?, valkey: ServerVersion?) {
    switch self {
    case .hmset: Self.both(2, 0)
    case .variadicPush: Self.both(2, 4)
    case .pexpireat: Self.both(2, 6)
    case .restore: Self.both(2, 6)
    case .scripts: Self.both(2, 6)
    case .setNX: Self.both(2, 6, 12)
    case .restoreReplace: Self.both(3, 0)
    case .variadicHSET: Self.both(4, 0)
    case .unlink: Self.both(4, 0)
    case .modules: Self.both(4, 0)
    case .streams: Self.both(5, 0)
    case .restoreABSTTL: Self.both(5, 0)
    case .setPXAT: Self.both(6, 2)
    case .createConsumer: Self.both(6, 2)
    case .trimByID: Self.both(6, 2)
    case .functions: Self.both(7, 0)
    case .streamCounters: Self.both(7, 0)
    case .manyArguments: Self.both(7, 0)
    case .fieldExpiry: (ServerVersion(.redis, 7, 4), ServerVersion(.valkey, 9, 0))
    case .keyMetadata: Self.redis(8, 6)
    case .idempotencySettings: Self.redis(8, 6)
    case .idempotencyRecords: Self.redis(8, 6, 2)
    case .releasedEntries: Self.redis(8, 8)
    case .arrays: Self.redis(8, 8)
    case .pathHashes: (nil, ServerVersion(.valkey, 9, 2))
    }
  }

  private static func both(_ major: Int, _ minor: Int, _ patch: Int = 0) -> (ServerVersion?, ServerVersion?) {
    (ServerVersion(.redis, major, minor, patch), ServerVersion(.valkey, 7, 2))
  }

  private static func redis(_ major: Int, _ minor: Int, _ patch: Int = 0) -> (ServerVersion?, ServerVersion?) {
    (ServerVersion(.redis, major, minor, patch), nil)
  }

  /// Returns whether `server` has the feature.
  package func isOffered(by server: ServerVersion) -> Bool {
    let since = since
    guard let redis = since.redis else {
      return since.valkey.map { server.isAtLeast(.max, 0, valkey: ($0.major, $0.minor)) } ?? false
    }
    return server.isAtLeast(
      redis.major, redis.minor, redis.patch, valkey: since.valkey.map { ($0.major, $0.minor) })
  }

  /// The servers with the feature, for messages: `Redis 7.4 or Valkey 9.0`.
  package var neededServer: String {
    let since = since
    var servers: [String] = []
    if let redis = since.redis {
      servers.append("Redis \(redis.major).\(redis.minor)" + (redis.patch > 0 ? ".\(redis.patch)" : ""))
    }
    if let valkey = since.valkey, valkey.major > 7 { servers.append("Valkey \(valkey.major).\(valkey.minor)") }
    return servers.joined(separator: " or ")
  }
}

/// The features of a target, each looked up once.
struct RESPAbilities {
  let hmset, variadicPush, pexpireat, restore, setNX, restoreReplace, variadicHSET, unlink: Bool
  let modules, streams, restoreABSTTL, setPXAT, createConsumer, trimByID, functions: Bool
  let streamCounters, manyArguments, fieldExpiry, keyMetadata, idempotencySettings: Bool
  let idempotencyRecords, releasedEntries, arrays, pathHashes, scripts: Bool
  /// The highest expiry of a hash field, in milliseconds since 1970. Source: `EB_EXPIRE_TIME_MAX` in Redis `src/ebuckets.h`.
  let maximumFieldExpiry: Int64
  /// Whether the target drops the sign of a score of −0 in a small sorted set: a listpack has it as an integer, a ziplist
  /// as text. Seen on Redis 7.0.15 and 8.2.3, and Valkey 9.1.2.
  let dropsSignOfZero: Bool

  init(_ target: ServerVersion) {
    func has(_ feature: RESPFeature) -> Bool { feature.isOffered(by: target) }
    hmset = has(.hmset)
    variadicPush = has(.variadicPush)
    pexpireat = has(.pexpireat)
    restore = has(.restore)
    setNX = has(.setNX)
    restoreReplace = has(.restoreReplace)
    variadicHSET = has(.variadicHSET)
    unlink = has(.unlink)
    modules = has(.modules)
    streams = has(.streams)
    restoreABSTTL = has(.restoreABSTTL)
    setPXAT = has(.setPXAT)
    createConsumer = has(.createConsumer)
    trimByID = has(.trimByID)
    functions = has(.functions)
    streamCounters = has(.streamCounters)
    manyArguments = has(.manyArguments)
    fieldExpiry = has(.fieldExpiry)
    keyMetadata = has(.keyMetadata)
    idempotencySettings = has(.idempotencySettings)
    idempotencyRecords = has(.idempotencyRecords)
    releasedEntries = has(.releasedEntries)
    arrays = has(.arrays)
    pathHashes = has(.pathHashes)
    scripts = has(.scripts)
    dropsSignOfZero = target.isAtLeast(7, 0, valkey: (7, 2))
    maximumFieldExpiry = target.vendor == .redis ? (1 << 46) - 1 : 1 << 62
  }
}
