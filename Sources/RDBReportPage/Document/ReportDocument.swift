import RDBAnalysis

/// All figures of a report page: the page shows nothing else, and its JSON form is the same document.
///
/// Every list is bounded, so that the page of a large snapshot is not larger than that of a small one.
package struct ReportDocument: Hashable, Sendable, Encodable {
  /// How several snapshots became one report.
  package enum Mode: String, Hashable, Sendable, Encodable {
    /// The report is about one snapshot.
    case single
    /// The snapshots are parts of one keyspace: all figures are sums.
    case merged
    /// The snapshots are states of one keyspace: the figures are those of the last.
    case overTime = "over_time"
  }

  /// The version of the JSON format.
  package private(set) var format = 1
  package let mode: Mode
  /// The name of the snapshot, or the number of snapshots.
  package let title: String
  /// Whether the names of keys are replaced by tokens.
  package let isRedacted: Bool
  package let reference: ReferenceTimes
  package let dumps: [DumpRow]
  package let total: TotalRow
  /// The summary in sentences, as plain text.
  package internal(set) var summary: [String] = []
  /// The prefixes with most memory. Each follows its parent.
  package let prefixes: [PrefixRow]
  /// The number of prefixes that ``prefixes`` leaves out.
  package let omittedPrefixCount: Int
  package let neverExpiring: [CandidateRow]
  package let types: [TypeRow]
  package let expiry: [RangeRow]
  /// The keys by idle time; empty if the snapshot has no idle times.
  package let idle: [RangeRow]
  package let sizes: SizesDocument
  package let largest: LargestDocument
  package let slots: SlotsDocument
  package let keyspaces: KeyspacesDocument
  package let nearMisses: [NearMissRow]
  package let repeated: RepeatedDocument
  package internal(set) var nextSteps: [NextStep] = []
  /// The growth of prefixes between the first snapshot and the last; `nil` unless the mode is ``Mode/overTime``.
  package let growth: [GrowthRow]?

  enum CodingKeys: String, CodingKey {
    case format, mode, title, reference, dumps, total, summary, prefixes, types, expiry, idle, sizes, largest, slots
    case keyspaces, repeated, growth
    case isRedacted = "redacted"
    case omittedPrefixCount = "omitted_prefixes"
    case neverExpiring = "never_expiring"
    case nearMisses = "near_misses"
    case nextSteps = "next_steps"
  }
}

/// A snapshot of the report.
package struct DumpRow: Hashable, Sendable, Encodable {
  package var name: String
  /// The server that wrote the snapshot, such as `Redis 7.2.4`; `nil` if it is not known.
  package var server: String?
  package var version: Int?
  package var writtenMilliseconds: Int64?
  /// The state of the checksum, in words.
  package var checksum: String?
  package var keys: UInt64 = 0
  package var memoryByteCount: UInt64 = 0
  package var serializedByteCount: UInt64 = 0
  package var memoryWithoutExpiry: UInt64 = 0
  package var keysExpired: UInt64 = 0
  /// The number of hash slots with keys.
  package var usedSlots = 0
  package var largestPrefix: BinaryText?
  package var largestPrefixByteCount: UInt64?

  package init(
    name: String, server: String?, version: Int?, writtenMilliseconds: Int64?, checksum: String?
  ) {
    (self.name, self.server, self.version) = (name, server, version)
    (self.writtenMilliseconds, self.checksum) = (writtenMilliseconds, checksum)
  }

  enum CodingKeys: String, CodingKey {
    case name, server, checksum, keys
    case version = "rdb_version"
    case writtenMilliseconds = "written_ms"
    case memoryByteCount = "memory_bytes"
    case serializedByteCount = "serialized_bytes"
    case memoryWithoutExpiry = "memory_bytes_without_expiry"
    case keysExpired = "keys_expired"
    case usedSlots = "used_slots"
    case largestPrefix = "largest_prefix"
    case largestPrefixByteCount = "largest_prefix_bytes"
  }
}

/// The sums over all keys.
package struct TotalRow: Hashable, Sendable, Encodable {
  package let keys: UInt64
  package let memoryByteCount: UInt64
  package let serializedByteCount: UInt64
  package let keysWithoutExpiry: UInt64
  package let memoryWithoutExpiry: UInt64
  package let keysExpired: UInt64
  package let memoryExpired: UInt64
  package let largestKeyByteCount: UInt64?

  enum CodingKeys: String, CodingKey {
    case keys
    case memoryByteCount = "memory_bytes"
    case serializedByteCount = "serialized_bytes"
    case keysWithoutExpiry = "keys_without_expiry"
    case memoryWithoutExpiry = "memory_bytes_without_expiry"
    case keysExpired = "keys_expired"
    case memoryExpired = "memory_bytes_expired"
    case largestKeyByteCount = "largest_key_bytes"
  }
}

/// A prefix and its keys.
package struct PrefixRow: Hashable, Sendable, Encodable {
  package let prefix: BinaryText
  package let kind: PrefixNode.Kind
  package let depth: Int
  /// The index of the parent prefix in the list; `nil` for all keys.
  package let parent: Int?
  package let keys: UInt64
  package let memoryByteCount: UInt64
  package let memoryWithoutExpiry: UInt64
  package let keysExpired: UInt64

  enum CodingKeys: String, CodingKey {
    case prefix, kind, depth, parent, keys
    case memoryByteCount = "memory_bytes"
    case memoryWithoutExpiry = "memory_bytes_without_expiry"
    case keysExpired = "keys_expired"
  }
}

/// A prefix with keys without an expiry.
package struct CandidateRow: Hashable, Sendable, Encodable {
  package let prefix: BinaryText
  package let keys: UInt64
  package let memoryByteCount: UInt64
  package let meanIdleSeconds: UInt64?

  enum CodingKeys: String, CodingKey {
    case prefix
    case keys = "keys_without_expiry"
    case memoryByteCount = "memory_bytes_without_expiry"
    case meanIdleSeconds = "mean_idle_seconds"
  }
}

/// The keys of a type in an encoding.
package struct TypeRow: Hashable, Sendable, Encodable {
  package let type: String
  package let encoding: String?
  package internal(set) var keys: UInt64
  package internal(set) var memoryByteCount: UInt64
  package internal(set) var serializedByteCount: UInt64
  package internal(set) var memoryWithoutExpiry: UInt64

  enum CodingKeys: String, CodingKey {
    case type, encoding, keys
    case memoryByteCount = "memory_bytes"
    case serializedByteCount = "serialized_bytes"
    case memoryWithoutExpiry = "memory_bytes_without_expiry"
  }
}

/// The keys in a range of times.
package struct RangeRow: Hashable, Sendable, Encodable {
  package let range: ExpiryRange
  package let keys: UInt64
  package let memoryByteCount: UInt64

  enum CodingKeys: String, CodingKey {
    case range, keys
    case memoryByteCount = "memory_bytes"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(range.name, forKey: .range)
    try container.encode(keys, forKey: .keys)
    try container.encode(memoryByteCount, forKey: .memoryByteCount)
  }
}

/// A bar of a histogram: the values from one bound to below another.
package struct BucketRow: Hashable, Sendable, Encodable {
  package let from: UInt64
  package let to: UInt64
  package internal(set) var keys: UInt64
}

/// The sizes of keys, values and collections.
package struct SizesDocument: Hashable, Sendable, Encodable {
  /// The distribution of the memory of the keys of a type, of all keys, or of the lengths of names.
  package struct Row: Hashable, Sendable, Encodable {
    package let subject: String
    package let mean: UInt64
    package let quantile50: UInt64?
    package let quantile90: UInt64?
    package let quantile99: UInt64?
    package let quantile999: UInt64?

    enum CodingKeys: String, CodingKey {
      case subject
      case mean = "mean_bytes"
      case quantile50 = "p50_bytes"
      case quantile90 = "p90_bytes"
      case quantile99 = "p99_bytes"
      case quantile999 = "p999_bytes"
    }
  }

  /// The largest relative error of the quantiles.
  package let quantileError: Double
  package let rows: [Row]
  /// The keys by memory, in bytes.
  package let memory: [BucketRow]
  /// The strings by length, in bytes.
  package let strings: [BucketRow]
  /// The collections by number of elements.
  package let elements: [BucketRow]

  enum CodingKeys: String, CodingKey {
    case rows, memory, strings, elements
    case quantileError = "quantile_relative_error"
  }
}

/// A key of a ranking.
package struct KeyRow: Hashable, Sendable, Encodable {
  package let database: UInt64
  package let key: BinaryText
  package let type: String
  package let encoding: String?
  package let memoryByteCount: UInt64?
  package let elements: UInt64
  package let largestElementByteCount: UInt64
  package let expiryMilliseconds: Int64?
  package let idleSeconds: UInt64?
  package let frequency: UInt64?

  enum CodingKeys: String, CodingKey {
    case key, type, encoding, elements
    case database = "db"
    case memoryByteCount = "memory_bytes"
    case largestElementByteCount = "largest_element_bytes"
    case expiryMilliseconds = "expire_ms"
    case idleSeconds = "idle"
    case frequency = "freq"
  }
}

/// The first keys of several rankings.
package struct LargestDocument: Hashable, Sendable, Encodable {
  package let memory: [KeyRow]
  package let elements: [KeyRow]
  /// The keys that were not used for longest; empty if the snapshot has no idle times.
  package let idle: [KeyRow]
  /// The keys that were used most; empty if the snapshot has no access frequencies.
  package let frequency: [KeyRow]
}
