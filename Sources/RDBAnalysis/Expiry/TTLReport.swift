import RDB
import RDBFormat

/// A report on the remaining time of keys until their expiry, by type and by prefix.
public struct TTLReport: Hashable, MergeableSummary {
  /// The version of the JSON format.
  package private(set) var format = 1
  package private(set) var reference: ReferenceTimes
  /// The summary of all keys of each type.
  package private(set) var types: [String: ExpirySummary]
  /// The report on the keys by prefix.
  public private(set) var prefixes: PrefixReport

  init(_ reference: ReferenceTimes, types: [String: ExpirySummary], prefixes: PrefixReport) {
    (self.reference, self.types, self.prefixes) = (reference, types, prefixes)
  }

  /// The summary of all keys.
  package var all: ExpirySummary {
    types.values.reduce(into: ExpirySummary()) { $0.merge($1) }
  }

  /// A prefix with keys that could be given an expiry.
  package struct Candidate: Hashable, Sendable, Codable {
    /// The prefix.
    package var prefix: BinaryText
    package var keysWithoutExpiry: UInt64
    /// The estimated memory of the keys without an expiry, in bytes.
    package var memoryWithoutExpiry: UInt64
    /// The mean idle time, in seconds; `nil` if the file has no idle times.
    package var meanIdleSeconds: Double?
    /// The memory in bytes × (1 + the mean idle time in seconds).
    package var weight: Double

    enum CodingKeys: String, CodingKey {
      case prefix, weight
      case keysWithoutExpiry = "keys_without_expiry"
      case memoryWithoutExpiry = "memory_bytes_without_expiry"
      case meanIdleSeconds = "mean_idle_seconds"
    }
  }

  /// Returns prefixes that have keys without an expiry, in descending order of memory × idle time.
  ///
  /// Omits a prefix if a single longer prefix has all of its keys without an expiry.
  ///
  /// - Parameter limit: The largest number of prefixes.
  /// - Returns: Each prefix, with the estimated memory of its keys without an expiry, in bytes.
  package func prefixesWithoutExpiry(limit: Int) -> [(prefix: BinaryText, memoryWithoutExpiry: UInt64)] {
    candidates(limit: limit).map { ($0.prefix, $0.memoryWithoutExpiry) }
  }

  /// The same as ``prefixesWithoutExpiry(limit:)``, with all figures.
  package func candidates(limit: Int) -> [Candidate] {
    let nodes = prefixes.nodes
    let candidates = nodes.indices.compactMap { index -> Candidate? in
      let node = nodes[index]
      let summary = node.summary
      guard node.depth > 0, node.kind == .prefix, summary.memoryWithoutExpiry > 0 else { return nil }
      let below = nodes[(index + 1)...].prefix { $0.depth > node.depth }
      if below.contains(where: {
        $0.kind == .prefix && $0.summary.memoryWithoutExpiry == summary.memoryWithoutExpiry
      }) {
        return nil
      }
      let idle = summary.meanIdleSeconds
      return Candidate(
        prefix: node.prefix, keysWithoutExpiry: summary.keysWithoutExpiry,
        memoryWithoutExpiry: summary.memoryWithoutExpiry, meanIdleSeconds: idle,
        weight: Double(summary.memoryWithoutExpiry) * (1 + (idle ?? 0)))
    }
    let sorted = candidates.sorted { a, b in
      a.weight != b.weight ? a.weight > b.weight : a.prefix < b.prefix
    }
    return Array(sorted.prefix(limit))
  }

  public mutating func merge(_ other: Self) {
    reference.merge(other.reference)
    types.merge(other.types) { a, b in
      var sum = a
      sum.merge(b)
      return sum
    }
    prefixes.merge(other.prefixes)
  }
}

extension TTLReport: Codable {
  enum CodingKeys: String, CodingKey { case format, reference, all, types, candidates, prefixes }
  private static let candidateLimit = 100

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    format = try container.decode(Int.self, forKey: .format)
    reference = try container.decode(ReferenceTimes.self, forKey: .reference)
    types = try container.decode([String: ExpirySummary].self, forKey: .types)
    prefixes = try container.decode(PrefixReport.self, forKey: .prefixes)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format, forKey: .format)
    try container.encode(reference, forKey: .reference)
    try container.encode(all, forKey: .all)
    try container.encode(types, forKey: .types)
    try container.encode(candidates(limit: Self.candidateLimit), forKey: .candidates)
    try container.encode(prefixes, forKey: .prefixes)
  }
}
