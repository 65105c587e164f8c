public import RDBFormat

/// A range of remaining life.
public enum Life: Int, Hashable, Sendable, CaseIterable {
  case expired, underMinute, underHour, underDay, underWeek, underMonth, underQuarter, underYear
  case longer, never

  /// What reports call it.
  public var name: String {
    switch self {
    case .expired: "expired"
    case .underMinute: "under_1m"
    case .underHour: "under_1h"
    case .underDay: "under_1d"
    case .underWeek: "under_7d"
    case .underMonth: "under_30d"
    case .underQuarter: "under_90d"
    case .underYear: "under_365d"
    case .longer: "365d_and_more"
    case .never: "never"
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
    self =
      switch remaining {
      case ..<0: .expired
      case ..<60_000: .underMinute
      case ..<3_600_000: .underHour
      case ..<86_400_000: .underDay
      case ..<604_800_000: .underWeek
      case ..<2_592_000_000: .underMonth
      case ..<7_776_000_000: .underQuarter
      case ..<31_536_000_000: .underYear
      default: .longer
      }
  }
}

/// Keys and their memory.
public struct KeyAmount: Hashable, Sendable, Codable {
  public var keys: UInt64
  public var memoryByteCount: UInt64

  enum CodingKeys: String, CodingKey {
    case keys
    case memoryByteCount = "memory_bytes"
  }
}

/// Keys and their memory in each range of remaining life.
public struct Lives: Hashable, Sendable {
  // One lane a range: added up without a loop.
  private var keys = SIMD16<UInt64>()
  private var bytes = SIMD16<UInt64>()

  public init() {}

  public subscript(life: Life) -> KeyAmount {
    KeyAmount(keys: keys[life.rawValue], memoryByteCount: bytes[life.rawValue])
  }

  @inline(__always)
  mutating func add(_ life: Life, memory: UInt64) {
    keys[life.rawValue] &+= 1
    bytes[life.rawValue] &+= memory
  }

  mutating func merge(_ other: Self) {
    keys &+= other.keys
    bytes &+= other.bytes
  }

  mutating func subtract(_ other: Self) {
    keys &-= pointwiseMin(keys, other.keys)
    bytes &-= pointwiseMin(bytes, other.bytes)
  }
}

extension Lives: Codable {
  /// In JSON an object with a member for each range that has keys.
  public init(from decoder: any Decoder) throws {
    let amounts = try [String: KeyAmount](from: decoder)
    for life in Life.allCases {
      guard let amount = amounts[life.name] else { continue }
      keys[life.rawValue] = amount.keys
      bytes[life.rawValue] = amount.memoryByteCount
    }
  }

  public func encode(to encoder: any Encoder) throws {
    let used = Life.allCases.filter { self[$0].keys > 0 }
    try Dictionary(uniqueKeysWithValues: used.map { ($0.name, self[$0]) }).encode(to: encoder)
  }
}
