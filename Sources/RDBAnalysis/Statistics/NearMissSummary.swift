import RDB
import RDBFormat

/// The summary of the collections that exceed only one limit of the compact form, and reach at most twice the limit.
package struct NearMissSummary: Hashable, Sendable, Codable {
  /// The directive in `redis.conf` of the server that memory is estimated for.
  package var setting: String
  /// The default limit.
  package var limit: UInt64
  /// The smallest limit that all the collections would need.
  package var needed: UInt64 = 0
  package var keys: UInt64 = 0
  package var memoryByteCount: UInt64 = 0
  /// The estimated memory of the same keys in the compact form, in bytes.
  package var compactByteCount: UInt64 = 0
  package var savedByteCount: UInt64 { memoryByteCount - min(compactByteCount, memoryByteCount) }

  init(setting: String, limit: UInt64) { (self.setting, self.limit) = (setting, limit) }

  enum CodingKeys: String, CodingKey {
    case setting, limit, needed, keys
    case memoryByteCount = "memory_bytes"
    case compactByteCount = "compact_bytes"
  }
  private enum DerivedKeys: String, CodingKey { case saved = "saved_bytes" }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(setting, forKey: .setting)
    try container.encode(limit, forKey: .limit)
    try container.encode(needed, forKey: .needed)
    try container.encode(keys, forKey: .keys)
    try container.encode(memoryByteCount, forKey: .memoryByteCount)
    try container.encode(compactByteCount, forKey: .compactByteCount)
    var derived = encoder.container(keyedBy: DerivedKeys.self)
    try derived.encode(savedByteCount, forKey: .saved)
  }

  /// An empty summary for each limit.
  static var all: [NearMissSummary] {
    [
      NearMissSummary(setting: "hash-max-listpack-entries", limit: 512),
      NearMissSummary(setting: "hash-max-listpack-value", limit: 64),
      NearMissSummary(setting: "set-max-listpack-entries", limit: 128),
      NearMissSummary(setting: "set-max-listpack-value", limit: 64),
      NearMissSummary(setting: "zset-max-listpack-entries", limit: 128),
      NearMissSummary(setting: "zset-max-listpack-value", limit: 64),
    ]
  }

  /// Returns the index in ``all`` of the summary for a limit.
  static func number(_ type: DataType, _ limit: NearMiss.Limit) -> Int {
    (type == .hash ? 0 : type == .set ? 2 : 4) + limit.rawValue
  }

  mutating func add(_ key: borrowing MeasuredKey, _ miss: NearMiss) {
    if keys == 0, !miss.isListpack { setting = setting.replacing("listpack", with: "ziplist") }
    needed = max(needed, miss.needed)
    keys &+= 1
    memoryByteCount &+= key.memoryByteCount ?? 0
    compactByteCount &+= miss.compactByteCount
  }

  mutating func merge(_ other: Self) {
    // Parts without such keys have the names of today's servers.
    if keys == 0, other.keys > 0 { setting = other.setting }
    needed = max(needed, other.needed)
    keys &+= other.keys
    memoryByteCount &+= other.memoryByteCount
    compactByteCount &+= other.compactByteCount
  }
}
