import RDB
import RDBFormat

/// Collections that one limit of the server keeps from their compact form, by no more than double.
public struct NearMissTotals: Hashable, Sendable, Codable {
  /// The directive in `redis.conf`, its value by default, and the least that all of them would need.
  public var setting: String
  public var limit: UInt64
  public var needed: UInt64 = 0
  public var keys: UInt64 = 0
  public var memoryByteCount: UInt64 = 0
  /// What the same keys would take in the compact form.
  public var compactByteCount: UInt64 = 0
  public var savedByteCount: UInt64 { memoryByteCount - min(compactByteCount, memoryByteCount) }

  init(setting: String, limit: UInt64) { (self.setting, self.limit) = (setting, limit) }

  enum CodingKeys: String, CodingKey {
    case setting, limit, needed, keys
    case memoryByteCount = "memory_bytes"
    case compactByteCount = "compact_bytes"
  }
  private enum DerivedKeys: String, CodingKey { case saved = "saved_bytes" }

  public func encode(to encoder: any Encoder) throws {
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

  /// One for each limit there is.
  static var all: [NearMissTotals] {
    [
      NearMissTotals(setting: "hash-max-listpack-entries", limit: 512),
      NearMissTotals(setting: "hash-max-listpack-value", limit: 64),
      NearMissTotals(setting: "set-max-listpack-entries", limit: 128),
      NearMissTotals(setting: "set-max-listpack-value", limit: 64),
      NearMissTotals(setting: "zset-max-listpack-entries", limit: 128),
      NearMissTotals(setting: "zset-max-listpack-value", limit: 64),
    ]
  }

  /// The number in ``all``.
  static func number(_ type: DataType, _ limit: NearMiss.Limit) -> Int {
    (type == .hash ? 0 : type == .set ? 2 : 4) + limit.rawValue
  }

  mutating func add(_ row: borrowing MemoryRow, _ miss: NearMiss) {
    needed = max(needed, miss.needed)
    keys &+= 1
    memoryByteCount &+= row.memoryByteCount ?? 0
    compactByteCount &+= miss.compactByteCount
  }

  mutating func merge(_ other: Self) {
    needed = max(needed, other.needed)
    keys &+= other.keys
    memoryByteCount &+= other.memoryByteCount
    compactByteCount &+= other.compactByteCount
  }
}
