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

  /// The first releases with the feature.
  package var since: FirstReleases {
    switch self {
    case .hmset: .both(2, 0)
    case .variadicPush: .both(2, 4)
    case .pexpireat, .restore, .scripts: .both(2, 6)
    case .setNX: .both(2, 6, 12)
    case .restoreReplace: .both(3, 0)
    case .variadicHSET, .unlink: .both(4, 0)
    case .modules: DataFeature.modules.since
    case .streams: DataFeature.streams.since
    case .restoreABSTTL: .both(5, 0)
    case .setPXAT, .createConsumer, .trimByID: .both(6, 2)
    case .functions: DataFeature.functions.since
    case .streamCounters, .manyArguments: .both(7, 0)
    case .fieldExpiry: DataFeature.fieldExpiry.since
    case .keyMetadata: DataFeature.keyMetadata.since
    case .idempotencySettings: DataFeature.idempotency.since
    case .idempotencyRecords: .redis(8, 6, 2)
    case .releasedEntries: DataFeature.releasedEntries.since
    case .arrays: DataFeature.arrays.since
    case .pathHashes: DataFeature.pathHashes.since
    }
  }

  /// Returns whether `server` has the feature.
  package func isOffered(by server: ServerVersion) -> Bool { since.isOffered(by: server) }

  /// The servers with the feature, for messages: `Redis 7.4 or Valkey 9.0`.
  package var neededServer: String { since.neededServer }
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

  init(_ target: ServerVersion, takesRestore: Bool) {
    func has(_ feature: RESPFeature) -> Bool { feature.isOffered(by: target) }
    hmset = has(.hmset)
    variadicPush = has(.variadicPush)
    pexpireat = has(.pexpireat)
    restore = takesRestore && has(.restore)
    setNX = has(.setNX)
    restoreReplace = takesRestore && has(.restoreReplace)
    variadicHSET = has(.variadicHSET)
    unlink = has(.unlink)
    modules = has(.modules)
    streams = has(.streams)
    restoreABSTTL = takesRestore && has(.restoreABSTTL)
    setPXAT = has(.setPXAT)
    createConsumer = has(.createConsumer)
    trimByID = has(.trimByID)
    functions = has(.functions)
    streamCounters = has(.streamCounters)
    manyArguments = has(.manyArguments)
    fieldExpiry = has(.fieldExpiry)
    keyMetadata = takesRestore && has(.keyMetadata)
    idempotencySettings = has(.idempotencySettings)
    idempotencyRecords = has(.idempotencyRecords)
    releasedEntries = has(.releasedEntries)
    arrays = has(.arrays)
    pathHashes = has(.pathHashes)
    scripts = has(.scripts)
    dropsSignOfZero = target.isAtLeast(7, 0, valkey: (7, 2))
    maximumFieldExpiry = target.vendor == .redis ? ServerVersion.latestRedisFieldExpiry : 1 << 62
  }
}
