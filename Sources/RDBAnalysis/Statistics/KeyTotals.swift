/// What a group of keys amounts to: of a prefix, a type, a database.
public struct KeyTotals: Hashable, Sendable {
  public private(set) var serializedByteCount: UInt64 = 0
  /// By what is left of their lives.
  public private(set) var lives = Lives()
  /// Keys whose idle time the file says, and the sum of these times.
  public private(set) var keysWithIdle: UInt64 = 0
  public private(set) var idleSecondsSum: UInt64 = 0
  /// Of the memory of each key.
  public private(set) var sizes = SizeHistogram()

  public init() {}

  public var keys: UInt64 { sizes.count }
  /// Estimated; modules, which have no estimate, count with their stored bytes.
  public var memoryByteCount: UInt64 { sizes.sum }
  public var keysWithoutExpiry: UInt64 { lives[.never].keys }
  public var memoryWithoutExpiry: UInt64 { lives[.never].memoryByteCount }
  /// Keys whose expiry had passed at the reference time.
  public var keysExpired: UInt64 { lives[.expired].keys }
  /// Seconds, where the file says any.
  public var meanIdleSeconds: Double? {
    keysWithIdle > 0 ? Double(idleSecondsSum) / Double(keysWithIdle) : nil
  }

  /// Counts a key.
  @inline(__always)
  mutating func add(_ row: borrowing MemoryRow, _ life: Life) {
    let memory = row.memoryOrSerializedByteCount
    serializedByteCount &+= row.serializedByteCount
    lives.add(life, memory: memory)
    if let idle = row.idleSeconds {
      keysWithIdle &+= 1
      // A thousand years: what a damaged file says is no reason to overflow.
      idleSecondsSum &+= min(idle, 1 << 35)
    }
    sizes.add(memory)
  }

  public mutating func merge(_ other: Self) {
    serializedByteCount &+= other.serializedByteCount
    lives.merge(other.lives)
    keysWithIdle &+= other.keysWithIdle
    idleSecondsSum &+= other.idleSecondsSum
    sizes.merge(other.sizes)
  }

  /// Takes away a part of these keys.
  mutating func subtract(_ other: Self) {
    serializedByteCount &-= min(serializedByteCount, other.serializedByteCount)
    lives.subtract(other.lives)
    keysWithIdle &-= min(keysWithIdle, other.keysWithIdle)
    idleSecondsSum &-= min(idleSecondsSum, other.idleSecondsSum)
    sizes.subtract(other.sizes)
  }
}

extension KeyTotals: Codable {
  enum CodingKeys: String, CodingKey {
    case keys, sizes, lives
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
    lives = try container.decode(Lives.self, forKey: .lives)
    keysWithIdle = try container.decode(UInt64.self, forKey: .keysWithIdle)
    idleSecondsSum = try container.decode(UInt64.self, forKey: .idleSecondsSum)
    sizes = try container.decode(SizeHistogram.self, forKey: .sizes)
  }

  /// What follows from the rest is written, too, for whoever reads it.
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
    try container.encode(lives, forKey: .lives)
    try container.encode(sizes, forKey: .sizes)
  }
}

extension MemoryRow {
  /// The estimate, or where there is none what the file shows.
  @inline(__always)
  public var memoryOrSerializedByteCount: UInt64 { memoryByteCount ?? serializedByteCount }
}
