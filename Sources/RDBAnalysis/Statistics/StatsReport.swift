import RDB
import RDBFormat
import RDBSupport

/// Statistics of a snapshot: keys by type, database and encoding, sizes, hash slots, keyspaces of known libraries,
/// repeated values, and collections that just miss their compact form.
///
/// The JSON has all figures.
public struct StatsReport: Hashable, MergeableSummary {
  /// The version of the JSON format.
  package private(set) var format = 1
  package internal(set) var reference: ReferenceTimes
  /// The summary of all keys, including those of databases beyond the limit of cells.
  public internal(set) var total = KeySummary()
  package internal(set) var cells: [StatsCell] = []
  /// The lengths of the names of keys, in bytes.
  package internal(set) var names = SizeHistogram()
  /// The keys by idle time; empty if the file has no idle times. No key is in the ranges `expired` and `never`.
  package internal(set) var idleTimes = ExpirySummary()
  package internal(set) var slots = SlotSummary()
  /// The number of keys with a hash tag.
  package internal(set) var taggedKeys: UInt64 = 0
  var tags = RepetitionSample(limit: Self.sampleLimit)
  package internal(set) var keyspaces: [KeyspaceSummary] = []
  var sessionSample = SessionSample()
  var values = RepetitionSample(limit: Self.sampleLimit)
  /// The exact count of repeated values; `nil` if they were only estimated.
  package internal(set) var exactValues: [Repeated]?
  package internal(set) var nearMisses: [NearMissSummary] = NearMissSummary.all

  /// The number of distinct values, and of distinct tags, that are counted without sampling.
  static let sampleLimit = 16_384
  /// The number of values and of tags that a report shows.
  static let topLimit = 20

  init(_ reference: ReferenceTimes) { self.reference = reference }

  /// The string values that at least two keys have, in descending order of the memory that repetition costs.
  package var repeatedValues: [Repeated] {
    exactValues ?? values.top(Self.topLimit) { Self.waste($0) }
  }

  /// Returns the bytes of all copies of a value but one.
  package static func waste(_ value: Repeated) -> UInt64 {
    (value.keys - min(value.keys, 1)).multipliedReportingOverflow(by: value.byteCount).partialValue
  }

  /// The hash tags that at least two keys have, in descending order of keys.
  package var topTags: [Repeated] { tags.top(Self.topLimit) { $0.keys } }
  /// The sampling rate of ``repeatedValues``: one key of every `valueSampling` keys was counted.
  package var valueSampling: UInt64 { exactValues == nil ? values.rate : 1 }
  package var tagSampling: UInt64 { tags.rate }
  package var sessions: SessionSummary? { sessionSample.summary }
  /// The names of the libraries that are recognized by a key that only they write.
  package var recognisedKeyspaces: [String] { KeyspaceCounter.recognised(keyspaces) }

  public mutating func merge(_ other: Self) {
    reference.merge(other.reference)
    total.merge(other.total)
    var sum = SmallestEntries<StatsCell>()
    for cell in cells + other.cells { sum.add(cell) }
    cells = sum.entries
    names.merge(other.names)
    idleTimes.merge(other.idleTimes)
    slots.merge(other.slots)
    taggedKeys &+= other.taggedKeys
    tags.merge(other.tags)
    var spaces = KeyspaceCounter()
    spaces.merge(keyspaces, sessionSample)
    spaces.merge(other.keyspaces, other.sessionSample)
    keyspaces = spaces.found
    sessionSample = spaces.sessions
    values.merge(other.values)
    // The exact counts of two reports cannot be added, because a value may occur in both.
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
    case idleTimes = "idle_times"
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
    total = try container.decode(KeySummary.self, forKey: .total)
    cells = try container.decode(SmallestEntries<StatsCell>.self, forKey: .cells).entries
    names = try container.decode(SizeHistogram.self, forKey: .names)
    // Reports of older versions have none.
    idleTimes = try container.decodeIfPresent(ExpirySummary.self, forKey: .idleTimes) ?? ExpirySummary()
    slots = try container.decode(SlotSummary.self, forKey: .slots)
    keyspaces = try container.decode([KeyspaceSummary].self, forKey: .keyspaces)
    nearMisses = try container.decode([NearMissSummary].self, forKey: .nearMisses)
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

  private static func sketch(in container: KeyedDecodingContainer<RepeatedKeys>) throws -> RepetitionSample {
    let text = try container.decode(String.self, forKey: .sketch)
    guard let bytes = Base64.decode(text), let counts = RepetitionSample(limit: sampleLimit, bytes: bytes) else {
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
    if idleTimes != ExpirySummary() { try container.encode(idleTimes, forKey: .idleTimes) }
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
