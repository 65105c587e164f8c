public import RDB
public import RDBFormat

/// A key as reports name it.
public struct KeyEntry: Hashable, Sendable, Codable {
  public var database: UInt64
  public var key: BinaryText
  public var type: String
  public var encoding: String?
  public var memoryByteCount: UInt64?
  public var serializedByteCount: UInt64
  public var elements: UInt64
  public var largestElementByteCount: UInt64
  public var largestElement: BinaryText
  public var expiryMilliseconds: Int64?
  public var idleSeconds: UInt64?
  public var frequency: UInt8?

  enum CodingKeys: String, CodingKey {
    case database = "db"
    case key, type, encoding
    case memoryByteCount = "memory_bytes"
    case serializedByteCount = "serialized_bytes"
    case elements
    case largestElementByteCount = "largest_element_bytes"
    case largestElement = "largest_element"
    case expiryMilliseconds = "expire_ms"
    case idleSeconds = "idle"
    case frequency = "freq"
  }

  /// All but the name, for an order among keys of one name.
  fileprivate var facts: [UInt64] {
    let expiry = expiryMilliseconds.map { UInt64(bitPattern: $0) }
    let optional = [memoryByteCount, expiry, idleSeconds, frequency.map { UInt64($0) }]
    return [serializedByteCount, elements, largestElementByteCount]
      + optional.flatMap { [$0 == nil ? 0 : 1, $0 ?? 0] }
      + (type + (encoding ?? "")).utf8.map { UInt64($0) } + largestElement.bytes.map { UInt64($0) }
  }

  public init(_ row: borrowing MemoryRow) {
    database = row.database
    key = BinaryText(row.name)
    type = row.type.data.rawValue
    encoding = row.encoding.map { "\($0.name)" }
    memoryByteCount = row.memoryByteCount
    serializedByteCount = row.serializedByteCount
    elements = row.elementCount
    largestElementByteCount = row.largestElementByteCount
    largestElement = BinaryText(row.largestElement)
    expiryMilliseconds = row.expiry?.value
    idleSeconds = row.idleSeconds
    frequency = row.frequency
  }
}

/// The keys that have most of something, of each type and of all.
///
/// Ties are broken by database, then name: the same for any order of reading and merging.
public struct TopReport: Hashable, Sendable, Codable {
  /// What keys are ranked by.
  public enum Measure: String, Hashable, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
    case memory, serialized, elements, idle, frequency

    /// `nil`: the key has no such figure.
    func value(_ row: borrowing MemoryRow) -> UInt64? {
      switch self {
      case .memory: row.memoryByteCount
      case .serialized: row.serializedByteCount
      case .elements: row.elementCount
      case .idle: row.idleSeconds
      case .frequency: row.frequency.map { UInt64($0) }
      }
    }
  }

  /// A key and what it is ranked by.
  public struct Ranked: Hashable, Sendable, Codable {
    public var value: UInt64
    public var entry: KeyEntry

    /// More comes first; then a fixed order of all else, for keys of several files can have one name.
    func precedes(_ other: Ranked) -> Bool {
      if value != other.value { return value > other.value }
      let (a, b) = (entry, other.entry)
      if a.database != b.database { return a.database < b.database }
      if a.key != b.key { return a.key < b.key }
      return a.facts.lexicographicallyPrecedes(b.facts)
    }
  }

  public let limit: Int
  public let measures: [Measure]
  /// The first of all keys.
  public private(set) var all: [Measure: [Ranked]] = [:]
  /// The first of each type; where that was asked for.
  public private(set) var types: [String: [Measure: [Ranked]]]?

  /// - Parameters:
  ///   - limit: How many keys each list has.
  ///   - perType: Lists for each type, too.
  public init(_ measures: [Measure], limit: Int, perType: Bool) {
    self.measures = measures
    self.limit = max(limit, 1)
    types = perType ? [:] : nil
  }

  public mutating func add(_ row: borrowing MemoryRow) {
    for measure in measures {
      guard let value = measure.value(row) else { continue }
      if isWanted(row, value, all[measure]) {
        Self.insert(Ranked(value: value, entry: KeyEntry(row)), into: &all[measure, default: []], limit)
      }
      let type = row.type.data.rawValue
      if types != nil, isWanted(row, value, types?[type]?[measure]) {
        Self.insert(
          Ranked(value: value, entry: KeyEntry(row)),
          into: &types![type, default: [:]][measure, default: []], limit)
      }
    }
  }

  /// Whether a key belongs into a list: looked at before anything of it is copied.
  @inline(__always)
  private func isWanted(_ row: borrowing MemoryRow, _ value: UInt64, _ list: [Ranked]?) -> Bool {
    guard let list, list.count >= limit, let last = list.last else { return true }
    if value != last.value { return value > last.value }
    if row.database != last.entry.database { return row.database < last.entry.database }
    return row.name.withUnsafeBytes { !last.entry.key.bytes.lexicographicallyPrecedes($0) }
  }

  private static func insert(_ ranked: Ranked, into list: inout [Ranked], _ limit: Int) {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].precedes(ranked) { low = middle + 1 } else { high = middle }
    }
    guard low < limit else { return }
    list.insert(ranked, at: low)
    if list.count > limit { list.removeLast() }
  }

  /// Adds the report of other keys, made with the same options.
  public mutating func merge(_ other: Self) {
    for (measure, list) in other.all {
      for ranked in list { Self.insert(ranked, into: &all[measure, default: []], limit) }
    }
    guard types != nil else { return }
    for (type, lists) in other.types ?? [:] {
      for (measure, list) in lists {
        for ranked in list {
          Self.insert(ranked, into: &types![type, default: [:]][measure, default: []], limit)
        }
      }
    }
  }
}
