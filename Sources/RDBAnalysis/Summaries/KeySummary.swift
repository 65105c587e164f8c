import RDB

/// The summary of a group of keys: all keys, the keys of a prefix, or those of a type in a database.
public struct KeySummary: Hashable, MergeableSummary {
  /// The size of the values as stored, in bytes.
  package private(set) var serializedByteCount: UInt64 = 0
  /// The keys by remaining time.
  package private(set) var expiries = ExpirySummary()
  /// The number of keys with a stored idle time, and the sum of these times.
  package private(set) var keysWithIdle: UInt64 = 0
  package private(set) var idleSecondsSum: UInt64 = 0
  /// The memory per key.
  package private(set) var sizes = SizeHistogram()

  package init() {}

  /// The number of keys.
  public var keys: UInt64 { sizes.count }
  /// The estimated memory of the keys, in bytes. Values of modules, which have no estimate, count with their stored size.
  public var memoryByteCount: UInt64 { sizes.sum }
  /// The number of keys without an expiry.
  public var keysWithoutExpiry: UInt64 { expiries[.never].keys }
  /// The estimated memory of the keys without an expiry, in bytes.
  public var memoryWithoutExpiry: UInt64 { expiries[.never].memoryByteCount }
  /// The number of keys whose expiry had passed at the reference time.
  package var keysExpired: UInt64 { expiries[.expired].keys }
  /// The mean idle time, in seconds; `nil` if no key has one.
  package var meanIdleSeconds: Double? {
    keysWithIdle > 0 ? Double(idleSecondsSum) / Double(keysWithIdle) : nil
  }

  /// Adds a key.
  @inline(__always)
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange) {
    let memory = key.memoryOrSerializedByteCount
    serializedByteCount &+= key.serializedByteCount
    expiries.add(range, memory: memory)
    if let idle = key.idleSeconds {
      keysWithIdle &+= 1
      // At most a thousand years, so that damaged files do not overflow the sum.
      idleSecondsSum &+= min(idle, 1 << 35)
    }
    sizes.add(memory)
  }

  public mutating func merge(_ other: Self) {
    serializedByteCount &+= other.serializedByteCount
    expiries.merge(other.expiries)
    keysWithIdle &+= other.keysWithIdle
    idleSecondsSum &+= other.idleSecondsSum
    sizes.merge(other.sizes)
  }

  /// Subtracts the summary of some of these keys.
  mutating func subtract(_ other: Self) {
    serializedByteCount &-= min(serializedByteCount, other.serializedByteCount)
    expiries.subtract(other.expiries)
    keysWithIdle &-= min(keysWithIdle, other.keysWithIdle)
    idleSecondsSum &-= min(idleSecondsSum, other.idleSecondsSum)
    sizes.subtract(other.sizes)
  }
}

extension KeySummary: Codable {
  enum CodingKeys: String, CodingKey {
    case keys, sizes
    case expiries = "lives"
    case memoryByteCount = "memory_bytes"
    case serializedByteCount = "serialized_bytes"
    case keysWithoutExpiry = "keys_without_expiry"
    case memoryWithoutExpiry = "memory_bytes_without_expiry"
    case keysExpired = "keys_expired"
    case keysWithIdle = "keys_with_idle"
    case idleSecondsSum = "idle_seconds_sum"
    case average = "average_bytes"
    case median = "p50_bytes"
    case percentile99 = "p99_bytes"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    serializedByteCount = try container.decode(UInt64.self, forKey: .serializedByteCount)
    expiries = try container.decode(ExpirySummary.self, forKey: .expiries)
    keysWithIdle = try container.decode(UInt64.self, forKey: .keysWithIdle)
    idleSecondsSum = try container.decode(UInt64.self, forKey: .idleSecondsSum)
    sizes = try container.decode(SizeHistogram.self, forKey: .sizes)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(keys, forKey: .keys)
    try container.encode(memoryByteCount, forKey: .memoryByteCount)
    try container.encode(serializedByteCount, forKey: .serializedByteCount)
    try container.encode(keysWithoutExpiry, forKey: .keysWithoutExpiry)
    try container.encode(memoryWithoutExpiry, forKey: .memoryWithoutExpiry)
    try container.encode(keysExpired, forKey: .keysExpired)
    try container.encode(keysWithIdle, forKey: .keysWithIdle)
    try container.encode(idleSecondsSum, forKey: .idleSecondsSum)
    try container.encode(sizes.mean.rounded(), forKey: .average)
    try container.encodeIfPresent(sizes.quantile(0.5), forKey: .median)
    try container.encodeIfPresent(sizes.quantile(0.99), forKey: .percentile99)
    try container.encode(expiries, forKey: .expiries)
    try container.encode(sizes, forKey: .sizes)
  }
}

extension MeasuredKey {
  /// The estimated memory in bytes, or the stored size if there is no estimate.
  @inline(__always)
  package var memoryOrSerializedByteCount: UInt64 { memoryByteCount ?? serializedByteCount }
}
