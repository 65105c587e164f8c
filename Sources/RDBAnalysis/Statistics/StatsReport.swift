import RDBFormat
import RDBSupport

/// Types × databases × encodings, sizes, hash slots, known keyspaces, repeated values, near misses.
public struct StatsReport: Hashable, Sendable {
  /// The version of this form.
  public private(set) var format = 1
  public internal(set) var reference: ReferenceTimes
  /// All keys, also of databases that have no cell of their own.
  public internal(set) var total = KeyTotals()
  public internal(set) var cells: [StatsCell] = []
  /// Lengths of key names.
  public internal(set) var names = SizeHistogram()
  public internal(set) var slots = SlotTotals()
  /// Keys with a hash tag, and the tags that most keys share.
  public internal(set) var taggedKeys: UInt64 = 0
  var tags = SampledCounts(limit: Self.sampleLimit)
  public internal(set) var keyspaces: [KeyspaceTotals] = []
  var sessionSample = SessionSample()
  var values = SampledCounts(limit: Self.sampleLimit)
  /// The values that repeat most, counted on disk; `nil`: nobody asked for that.
  public internal(set) var exactValues: [Repeated]?
  public internal(set) var nearMisses: [NearMissTotals] = NearMissTotals.all

  /// How many different values, and tags, are told apart before keys are sampled.
  static let sampleLimit = 16_384
  /// How many of them a report shows.
  static let topLimit = 20

  init(_ reference: ReferenceTimes) { self.reference = reference }

  /// Values of strings that at least two keys have; those that would save most are first.
  public var repeatedValues: [Repeated] {
    exactValues ?? values.top(Self.topLimit) { Self.waste($0) }
  }

  static func waste(_ value: Repeated) -> UInt64 {
    (value.keys - min(value.keys, 1)).multipliedReportingOverflow(by: value.byteCount).partialValue
  }

  /// Hash tags that at least two keys have, most keys first.
  public var topTags: [Repeated] { tags.top(Self.topLimit) { $0.keys } }
  /// One key in so many was looked at for ``repeatedValues``.
  public var valueSampling: UInt64 { exactValues == nil ? values.rate : 1 }
  public var tagSampling: UInt64 { tags.rate }
  public var sessions: SessionSummary? { sessionSample.summary }
  /// Names of the keyspaces of which something is there that nobody else has.
  public var recognisedKeyspaces: [String] { KeyspaceCounts.recognised(keyspaces) }

  /// Adds the report of other keys.
  public mutating func merge(_ other: Self) {
    reference.merge(other.reference)
    total.merge(other.total)
    var sum = SmallestEntries<StatsCell>()
    for cell in cells + other.cells { sum.add(cell) }
    cells = sum.entries
    names.merge(other.names)
    slots.merge(other.slots)
    taggedKeys &+= other.taggedKeys
    tags.merge(other.tags)
    var spaces = KeyspaceCounts()
    spaces.merge(keyspaces, sessionSample)
    spaces.merge(other.keyspaces, other.sessionSample)
    keyspaces = spaces.found
    sessionSample = spaces.sessions
    values.merge(other.values)
    // What each has counted on its own disk cannot be added up.
    exactValues = nil
    for number in nearMisses.indices where number < other.nearMisses.count {
      nearMisses[number].merge(other.nearMisses[number])
    }
  }
}

extension StatsReport: Codable {
  enum CodingKeys: String, CodingKey {
    case format, reference, total, cells, slots, keyspaces, sessions
    case names = "name_bytes"
    case recognised = "recognised_keyspaces"
    case hashTags = "hash_tags"
    case repeated = "repeated_values"
    case nearMisses = "near_misses"
    case quantileError = "quantile_relative_error"
  }
  enum RepeatedKeys: String, CodingKey {
    case keys, sampling, exact, top, sketch
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    format = try container.decode(Int.self, forKey: .format)
    reference = try container.decode(ReferenceTimes.self, forKey: .reference)
    total = try container.decode(KeyTotals.self, forKey: .total)
    cells = try container.decode(SmallestEntries<StatsCell>.self, forKey: .cells).entries
    names = try container.decode(SizeHistogram.self, forKey: .names)
    slots = try container.decode(SlotTotals.self, forKey: .slots)
    keyspaces = try container.decode([KeyspaceTotals].self, forKey: .keyspaces)
    nearMisses = try container.decode([NearMissTotals].self, forKey: .nearMisses)
    let tagged = try container.nestedContainer(keyedBy: RepeatedKeys.self, forKey: .hashTags)
    taggedKeys = try tagged.decode(UInt64.self, forKey: .keys)
    tags = try Self.sketch(in: tagged)
    let repeated = try container.nestedContainer(keyedBy: RepeatedKeys.self, forKey: .repeated)
    values = try Self.sketch(in: repeated)
    if try repeated.decode(Bool.self, forKey: .exact), try repeated.decode(UInt64.self, forKey: .sampling) == 1,
      values.level > 0
    {
      exactValues = try repeated.decode([Repeated].self, forKey: .top)
    }
    let summary = try container.decodeIfPresent(SessionSummary.self, forKey: .sessions)
    guard let sample = SessionSample(summary) else {
      throw DecodingError.dataCorruptedError(
        forKey: .sessions, in: container, debugDescription: "expected a sketch")
    }
    sessionSample = sample
  }

  private static func sketch(in container: KeyedDecodingContainer<RepeatedKeys>) throws -> SampledCounts {
    let text = try container.decode(String.self, forKey: .sketch)
    guard let bytes = Base64.decode(text), let counts = SampledCounts(limit: sampleLimit, bytes: bytes) else {
      throw DecodingError.dataCorruptedError(
        forKey: .sketch, in: container, debugDescription: "expected a sketch")
    }
    return counts
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format, forKey: .format)
    try container.encode(reference, forKey: .reference)
    try container.encode(SizeHistogram.relativeError, forKey: .quantileError)
    try container.encode(total, forKey: .total)
    try container.encode(cells, forKey: .cells)
    try container.encode(names, forKey: .names)
    try container.encode(slots, forKey: .slots)
    var tagged = container.nestedContainer(keyedBy: RepeatedKeys.self, forKey: .hashTags)
    try tagged.encode(taggedKeys, forKey: .keys)
    try tagged.encode(tagSampling, forKey: .sampling)
    try tagged.encode(topTags, forKey: .top)
    try tagged.encode(Base64.encode(tags.bytes), forKey: .sketch)
    try container.encode(keyspaces, forKey: .keyspaces)
    try container.encode(recognisedKeyspaces, forKey: .recognised)
    try container.encodeIfPresent(sessions, forKey: .sessions)
    var repeated = container.nestedContainer(keyedBy: RepeatedKeys.self, forKey: .repeated)
    try repeated.encode(exactValues != nil || valueSampling == 1, forKey: .exact)
    try repeated.encode(valueSampling, forKey: .sampling)
    try repeated.encode(repeatedValues, forKey: .top)
    try repeated.encode(Base64.encode(values.bytes), forKey: .sketch)
    try container.encode(nearMisses, forKey: .nearMisses)
  }
}
