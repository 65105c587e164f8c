import RDBAnalysis

/// The hash slots of a cluster.
package struct SlotsDocument: Hashable, Sendable, Encodable {
  /// The keys of a range of slots, or of one.
  package struct Row: Hashable, Sendable, Encodable {
    package let slot: Int
    package let keys: UInt64
    package let memoryByteCount: UInt64

    enum CodingKeys: String, CodingKey {
      case slot, keys
      case memoryByteCount = "memory_bytes"
    }
  }

  /// The keys that share a hash tag.
  package struct Tag: Hashable, Sendable, Encodable {
    package let tag: BinaryText
    package let keys: UInt64
    /// The error bound of `keys`, with a probability of 95 %; 0 if it is exact.
    package let keysError: UInt64

    enum CodingKeys: String, CodingKey {
      case tag, keys
      case keysError = "keys_error"
    }
  }

  package let used: Int
  package let meanKeys: Double
  package let meanMemory: Double
  /// The memory of the slot with most memory, divided by the mean over all slots with keys.
  package let skew: Double
  /// The sums of ranges of equal length; `slot` is the first slot of a range.
  package let bins: [Row]
  /// The number of slots in a range of ``bins``.
  package let binWidth: Int
  /// The slots with most memory.
  package let largest: [Row]
  package let taggedKeys: UInt64
  package let tags: [Tag]

  enum CodingKeys: String, CodingKey {
    case used, skew, bins, largest, tags
    case meanKeys = "mean_keys"
    case meanMemory = "mean_memory_bytes"
    case binWidth = "bin_width"
    case taggedKeys = "tagged_keys"
  }
}

/// The keys of known libraries.
package struct KeyspacesDocument: Hashable, Sendable, Encodable {
  /// The state of Spring sessions.
  package struct Sessions: Hashable, Sendable, Encodable {
    package let whole: SessionSummary.Estimate
    package let expired: SessionSummary.Estimate
    package let withoutMark: SessionSummary.Estimate
    package let markOnly: SessionSummary.Estimate

    enum CodingKeys: String, CodingKey {
      case whole, expired
      case withoutMark = "without_mark"
      case markOnly = "mark_only"
    }
  }

  /// The libraries that are recognised.
  package let recognised: [String]
  package let rows: [KeyspaceSummary]
  package let sessions: Sessions?
}

/// Collections that just miss their compact form.
package struct NearMissRow: Hashable, Sendable, Encodable {
  package let setting: String
  package let limit: UInt64
  package let needed: UInt64
  package let keys: UInt64
  package let memoryByteCount: UInt64
  package let savedByteCount: UInt64

  enum CodingKeys: String, CodingKey {
    case setting, limit, needed, keys
    case memoryByteCount = "memory_bytes"
    case savedByteCount = "saved_bytes"
  }
}

/// String values that several keys have.
package struct RepeatedDocument: Hashable, Sendable, Encodable {
  package struct Row: Hashable, Sendable, Encodable {
    /// The name of a key that has the value.
    package let example: BinaryText
    package let byteCount: UInt64
    package let keys: UInt64
    package let keysError: UInt64
    /// The bytes of all copies but one.
    package let wastedByteCount: UInt64

    enum CodingKeys: String, CodingKey {
      case example, keys
      case byteCount = "bytes"
      case keysError = "keys_error"
      case wastedByteCount = "wasted_bytes"
    }
  }

  /// The sampling rate: one key of every `sampling` keys was counted.
  package let sampling: UInt64
  package let rows: [Row]
}

/// The growth of a prefix between the first snapshot and the last.
package struct GrowthRow: Hashable, Sendable, Encodable {
  package let prefix: BinaryText
  package let keysBefore: UInt64
  package let keysAfter: UInt64
  package let memoryBefore: UInt64
  package let memoryAfter: UInt64
  /// The memory in each snapshot, in bytes, in the order of time; `nil` where the prefix was gathered with others.
  package let memory: [UInt64?]

  /// The bytes that the last snapshot has more than the first.
  package var growth: Int64 { Int64(clamping: memoryAfter) - Int64(clamping: memoryBefore) }

  enum CodingKeys: String, CodingKey {
    case prefix
    case keysBefore = "keys_before"
    case keysAfter = "keys_after"
    case memoryBefore = "memory_bytes_before"
    case memoryAfter = "memory_bytes_after"
    case memory = "memory_bytes"
    case growth = "growth_bytes"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(prefix, forKey: .prefix)
    try container.encode(keysBefore, forKey: .keysBefore)
    try container.encode(keysAfter, forKey: .keysAfter)
    try container.encode(memoryBefore, forKey: .memoryBefore)
    try container.encode(memoryAfter, forKey: .memoryAfter)
    try container.encode(memory, forKey: .memory)
    try container.encode(growth, forKey: .growth)
  }
}

/// A way to save memory.
package struct NextStep: Hashable, Sendable, Encodable {
  /// What a step is about. The command makes a command line of it.
  package enum Subject: Hashable, Sendable {
    case prefixWithoutExpiry(BinaryText)
    case expiredKeys(reference: Int64?)
    case nearMisses
    case repeatedValues
    case largeKey(BinaryText, database: UInt64, isString: Bool)
    case idleKeys
  }

  package let subject: Subject
  /// The memory that the step can save at most, in bytes. Steps can be about the same keys.
  package let savedByteCount: UInt64
  let sentence: Sentence
  /// The command line that shows more.
  package let command: String

  /// The step as plain text.
  package var text: String { sentence.text }

  enum CodingKeys: String, CodingKey {
    case text, command
    case savedByteCount = "saves_bytes"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(text, forKey: .text)
    try container.encode(savedByteCount, forKey: .savedByteCount)
    try container.encode(command, forKey: .command)
  }
}
