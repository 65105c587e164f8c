import RDBFormat

/// A range of the time between a reference time and the expiry of a key.
package enum ExpiryRange: Int, Hashable, Sendable, CaseIterable {
  case expired, underMinute, underHour, underDay, underWeek, underMonth, underQuarter, underYear
  case longer, never

  /// The name of the range in reports.
  package var name: String {
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

  /// Creates the range that an expiry falls into.
  package init(_ expiry: UnixMilliseconds?, reference: UnixMilliseconds) {
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

extension ExpiryRange {
  /// Creates the range that an idle time falls into.
  init(idleSeconds: UInt64) {
    self =
      switch idleSeconds {
      case ..<60: .underMinute
      case ..<3600: .underHour
      case ..<86_400: .underDay
      case ..<604_800: .underWeek
      case ..<2_592_000: .underMonth
      case ..<7_776_000: .underQuarter
      case ..<31_536_000: .underYear
      default: .longer
      }
  }
}

/// A number of keys and their memory.
package struct KeyAmount: Hashable, Sendable, Codable {
  package var keys: UInt64
  package var memoryByteCount: UInt64

  enum CodingKeys: String, CodingKey {
    case keys
    case memoryByteCount = "memory_bytes"
  }
}

/// The number of keys, and their memory, per range of remaining time.
package struct ExpirySummary: Sendable {
  // An array in place, so that adding a key changes two numbers and copies none of the others.
  private var keys = InlineArray<16, UInt64>(repeating: 0)
  private var bytes = InlineArray<16, UInt64>(repeating: 0)

  package init() {}

  package subscript(range: ExpiryRange) -> KeyAmount {
    KeyAmount(keys: keys[range.rawValue], memoryByteCount: bytes[range.rawValue])
  }

  @inline(__always)
  mutating func add(_ range: ExpiryRange, memory: UInt64) {
    keys[range.rawValue] &+= 1
    bytes[range.rawValue] &+= memory
  }

  mutating func merge(_ other: Self) {
    for index in keys.indices {
      keys[index] &+= other.keys[index]
      bytes[index] &+= other.bytes[index]
    }
  }

  mutating func subtract(_ other: Self) {
    for index in keys.indices {
      keys[index] &-= min(keys[index], other.keys[index])
      bytes[index] &-= min(bytes[index], other.bytes[index])
    }
  }
}

extension ExpirySummary: Hashable {
  package static func == (a: Self, b: Self) -> Bool {
    a.keys.indices.allSatisfy { a.keys[$0] == b.keys[$0] && a.bytes[$0] == b.bytes[$0] }
  }

  package func hash(into hasher: inout Hasher) {
    for index in keys.indices {
      hasher.combine(keys[index])
      hasher.combine(bytes[index])
    }
  }
}

extension ExpirySummary: Codable {
  /// In JSON a summary is an object with one member per range that has keys.
  package init(from decoder: any Decoder) throws {
    let amounts = try [String: KeyAmount](from: decoder)
    for range in ExpiryRange.allCases {
      guard let amount = amounts[range.name] else { continue }
      keys[range.rawValue] = amount.keys
      bytes[range.rawValue] = amount.memoryByteCount
    }
  }

  package func encode(to encoder: any Encoder) throws {
    let used = ExpiryRange.allCases.filter { self[$0].keys > 0 }
    try Dictionary(uniqueKeysWithValues: used.map { ($0.name, self[$0]) }).encode(to: encoder)
  }
}
