public import RDB
public import RDBFormat

/// What a group of keys amounts to: of a prefix, a type, a remaining life.
public struct KeyTotals: Hashable, Sendable, Codable {
  public var keys: UInt64 = 0
  /// Estimated; modules, which have no estimate, count with their stored bytes.
  public var memoryByteCount: UInt64 = 0
  public var serializedByteCount: UInt64 = 0
  /// Keys that never expire, and their memory.
  public var keysWithoutExpiry: UInt64 = 0
  public var memoryWithoutExpiry: UInt64 = 0
  /// Keys whose expiry had passed at the reference time.
  public var keysExpired: UInt64 = 0
  /// Keys whose idle time the file says, and the sum of these times.
  public var keysWithIdle: UInt64 = 0
  public var idleSecondsSum: UInt64 = 0
  /// Of the memory of each key.
  public var sizes = SizeHistogram()

  public init() {}

  enum CodingKeys: String, CodingKey {
    case keys, sizes
    case memoryByteCount = "memory_bytes"
    case serializedByteCount = "serialized_bytes"
    case keysWithoutExpiry = "keys_without_expiry"
    case memoryWithoutExpiry = "memory_bytes_without_expiry"
    case keysExpired = "keys_expired"
    case keysWithIdle = "keys_with_idle"
    case idleSecondsSum = "idle_seconds_sum"
  }

  /// Counts a key.
  ///
  /// - Parameter reference: The time that decides what has expired.
  public mutating func add(_ row: borrowing MemoryRow, reference: UnixMilliseconds) {
    let memory = row.memoryOrSerializedByteCount
    keys &+= 1
    memoryByteCount &+= memory
    serializedByteCount &+= row.serializedByteCount
    if let expiry = row.expiry {
      if expiry < reference { keysExpired &+= 1 }
    } else {
      keysWithoutExpiry &+= 1
      memoryWithoutExpiry &+= memory
    }
    if let idle = row.idleSeconds {
      keysWithIdle &+= 1
      idleSecondsSum = sum(idleSecondsSum, idle) ?? 0
    }
    sizes.add(memory)
  }

  public mutating func merge(_ other: Self) {
    keys &+= other.keys
    memoryByteCount &+= other.memoryByteCount
    serializedByteCount &+= other.serializedByteCount
    keysWithoutExpiry &+= other.keysWithoutExpiry
    memoryWithoutExpiry &+= other.memoryWithoutExpiry
    keysExpired &+= other.keysExpired
    keysWithIdle &+= other.keysWithIdle
    idleSecondsSum = sum(idleSecondsSum, other.idleSecondsSum) ?? 0
    sizes.merge(other.sizes)
  }
}

extension MemoryRow {
  /// The estimate, or where there is none what the file shows.
  @inline(__always)
  public var memoryOrSerializedByteCount: UInt64 { memoryByteCount ?? serializedByteCount }
}
