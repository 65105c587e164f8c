import RDBFormat

/// How long keys still live: by type and by prefix.
public struct TTLReport: Hashable, Sendable {
  /// The version of this form.
  public private(set) var format = 1
  public private(set) var reference: ReferenceTimes
  /// All keys of each type.
  public private(set) var types: [String: Lives]
  public private(set) var prefixes: PrefixReport

  init(_ reference: ReferenceTimes, types: [String: Lives], prefixes: PrefixReport) {
    (self.reference, self.types, self.prefixes) = (reference, types, prefixes)
  }

  /// All keys.
  public var all: Lives {
    types.values.reduce(into: Lives()) { $0.merge($1) }
  }

  /// A prefix whose keys could be given an expiry.
  public struct Candidate: Hashable, Sendable, Codable {
    public var prefix: BinaryText
    public var keysWithoutExpiry: UInt64
    public var memoryWithoutExpiry: UInt64
    /// Seconds; absent where the file does not say.
    public var meanIdleSeconds: Double?
    /// Memory × (1 + idle seconds).
    public var weight: Double

    enum CodingKeys: String, CodingKey {
      case prefix, weight
      case keysWithoutExpiry = "keys_without_expiry"
      case memoryWithoutExpiry = "memory_bytes_without_expiry"
      case meanIdleSeconds = "mean_idle_seconds"
    }
  }

  /// Prefixes without expiry: most memory × idle time first. One that a longer prefix has all of is left out.
  public func candidates(limit: Int) -> [Candidate] {
    let nodes = prefixes.nodes
    let candidates = nodes.indices.compactMap { place -> Candidate? in
      let node = nodes[place]
      let totals = node.totals
      guard node.depth > 0, node.kind == .prefix, totals.memoryWithoutExpiry > 0 else { return nil }
      let below = nodes[(place + 1)...].prefix { $0.depth > node.depth }
      if below.contains(where: {
        $0.kind == .prefix && $0.totals.memoryWithoutExpiry == totals.memoryWithoutExpiry
      }) {
        return nil
      }
      let idle = totals.meanIdleSeconds
      return Candidate(
        prefix: node.prefix, keysWithoutExpiry: totals.keysWithoutExpiry,
        memoryWithoutExpiry: totals.memoryWithoutExpiry, meanIdleSeconds: idle,
        weight: Double(totals.memoryWithoutExpiry) * (1 + (idle ?? 0)))
    }
    let sorted = candidates.sorted { a, b in
      a.weight != b.weight ? a.weight > b.weight : a.prefix < b.prefix
    }
    return Array(sorted.prefix(limit))
  }

  /// Adds the report of other keys, made with the same options.
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
    types = try container.decode([String: Lives].self, forKey: .types)
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
