public import RDB
public import RDBFormat

/// How long keys still live: a histogram, whole and by type.
public struct TTLReport: Hashable, Sendable, Codable {
  /// A range of remaining life.
  public enum Bucket: String, Hashable, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    case expired
    case underMinute = "under_1m"
    case underHour = "under_1h"
    case underDay = "under_1d"
    case underWeek = "under_7d"
    case underMonth = "under_30d"
    case underQuarter = "under_90d"
    case underYear = "under_365d"
    case longer = "365d_and_more"
    case never

    /// What is over before this many milliseconds from now; `nil`: no limit.
    private var limit: Int64? {
      switch self {
      case .expired: 0
      case .underMinute: 60_000
      case .underHour: 3_600_000
      case .underDay: 86_400_000
      case .underWeek: 604_800_000
      case .underMonth: 2_592_000_000
      case .underQuarter: 7_776_000_000
      case .underYear: 31_536_000_000
      case .longer, .never: nil
      }
    }

    /// The range that an expiry falls into.
    public init(_ expiry: UnixMilliseconds?, reference: UnixMilliseconds) {
      guard let expiry else {
        self = .never
        return
      }
      let (left, overflow) = expiry.value.subtractingReportingOverflow(reference.value)
      let remaining = overflow ? (expiry.value < 0 ? Int64.min : .max) : left
      self = Self.allCases.first { $0.limit.map { remaining < $0 } ?? false } ?? .longer
    }
  }

  /// Keys and their memory.
  public struct Amount: Hashable, Sendable, Codable {
    public var keys: UInt64 = 0
    public var memoryByteCount: UInt64 = 0

    enum CodingKeys: String, CodingKey {
      case keys
      case memoryByteCount = "memory_bytes"
    }

    mutating func merge(_ other: Self) {
      keys &+= other.keys
      memoryByteCount &+= other.memoryByteCount
    }
  }

  /// The time that lives are counted from, in Unix milliseconds.
  public let referenceMilliseconds: Int64
  /// All ranges that keys fall into.
  public private(set) var all: [Bucket: Amount] = [:]
  /// The same of each type.
  public private(set) var types: [String: [Bucket: Amount]] = [:]

  public init(reference: UnixMilliseconds) { referenceMilliseconds = reference.value }

  enum CodingKeys: String, CodingKey {
    case referenceMilliseconds = "reference_ms"
    case all, types
  }

  public mutating func add(_ row: borrowing MemoryRow) {
    let bucket = Bucket(row.expiry, reference: UnixMilliseconds(referenceMilliseconds))
    let amount = Amount(keys: 1, memoryByteCount: row.memoryOrSerializedByteCount)
    all[bucket, default: Amount()].merge(amount)
    types[row.type.data.rawValue, default: [:]][bucket, default: Amount()].merge(amount)
  }

  /// Adds the report of other keys, with the same reference time.
  public mutating func merge(_ other: Self) {
    for (bucket, amount) in other.all { all[bucket, default: Amount()].merge(amount) }
    for (type, buckets) in other.types {
      for (bucket, amount) in buckets {
        types[type, default: [:]][bucket, default: Amount()].merge(amount)
      }
    }
  }
}
