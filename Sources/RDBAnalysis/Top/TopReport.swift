import RDB
import RDBFormat
import RDBSupport

/// A key in a ranking.
public struct KeyEntry: Hashable, Sendable, Codable {
  /// The database of the key.
  public var database: UInt64
  /// The name of the key.
  public var key: BinaryText
  /// The data type of the key, such as `hash`.
  public var type: String
  package var encoding: String?
  /// The estimated memory of the key, in bytes; `nil` for a module's value.
  public var memoryByteCount: UInt64?
  /// The size of the value as stored, in bytes.
  package var serializedByteCount: UInt64
  package var elements: UInt64
  package var largestElementByteCount: UInt64
  package var largestElement: BinaryText
  package var expiryMilliseconds: Int64?
  package var idleSeconds: UInt64?
  package var frequency: UInt8?

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

  /// All fields but the name, which order keys of the same name.
  fileprivate var tieBreakers: [UInt64] {
    let expiry = expiryMilliseconds.map { UInt64(bitPattern: $0) }
    let optional = [memoryByteCount, expiry, idleSeconds, frequency.map { UInt64($0) }]
    return [serializedByteCount, elements, largestElementByteCount]
      + optional.flatMap { [$0 == nil ? 0 : 1, $0 ?? 0] }
      + (type + (encoding ?? "")).utf8.map { UInt64($0) } + largestElement.bytes.map { UInt64($0) }
  }

  package init(_ measured: borrowing MeasuredKey) {
    database = measured.database
    key = BinaryText(measured.name)
    type = measured.type.rawValue
    encoding = measured.encoding.map { "\($0.name)" }
    memoryByteCount = measured.memoryByteCount
    serializedByteCount = measured.serializedByteCount
    elements = measured.elementCount
    largestElementByteCount = measured.largestElementByteCount
    largestElement = BinaryText(measured.largestElement)
    expiryMilliseconds = measured.expiry?.value
    idleSeconds = measured.idleSeconds
    frequency = measured.frequency
  }
}

/// Rankings of keys, such as the ten largest by memory, over all types and per type.
///
/// Keys with the same value are ordered by database, then name, so that the result does not depend on the order of
/// merging.
public struct TopReport: Hashable, MergeableSummary {
  /// A figure that keys are ranked by.
  public enum Measure: String, Hashable, Sendable, Codable, CaseIterable {
    /// The estimated memory, in bytes.
    case memory
    /// The size of the value as stored, in bytes.
    case serialized
    /// The number of elements.
    case elements
    /// The length as `redis-cli --bigkeys` counts it: bytes of a string, else elements.
    case valueLength = "length"
    /// The LRU idle time, in seconds.
    case idle
    /// The LFU access frequency.
    case frequency

    /// Returns the figure of a key; `nil` if the key has none.
    @inline(__always)
    func value(_ measured: borrowing MeasuredKey) -> UInt64? {
      switch self {
      case .memory: measured.memoryByteCount
      case .serialized: measured.serializedByteCount
      case .elements: measured.elementCount
      case .valueLength: measured.length
      case .idle: measured.idleSeconds
      case .frequency: measured.frequency.map { UInt64($0) }
      }
    }
  }

  /// A key and the value that it is ranked by.
  package struct Ranked: Hashable, Sendable, Codable {
    package var value: UInt64
    package var entry: KeyEntry

    /// Whether the key comes before another: a larger value first, then by all other fields, because keys of several
    /// files can have the same name.
    func precedes(_ other: Ranked) -> Bool {
      if value != other.value { return value > other.value }
      let (a, b) = (entry, other.entry)
      if a.database != b.database { return a.database < b.database }
      if a.key != b.key { return a.key < b.key }
      return a.tieBreakers.lexicographicallyPrecedes(b.tieBreakers)
    }
  }

  /// The ranking of all keys (`type` is `nil`), or of the keys of one type.
  package struct List: Hashable, Sendable, Codable {
    package var measure: Measure
    package var type: String?
    package var keys: [Ranked] = []
  }

  /// The version of the JSON format.
  package private(set) var format = 1
  package let limit: Int
  package private(set) var lists: [List]
  /// The summary of all keys of each type.
  package private(set) var types: [String: TypeSummary]

  /// The number of keys of a type, and the sums of their names, lengths and memory.
  package struct TypeSummary: Hashable, Sendable, Codable {
    package var keys: UInt64 = 0
    package var nameByteCount: UInt64 = 0
    package var length: UInt64 = 0
    package var memoryByteCount: UInt64 = 0

    package init() {}

    enum CodingKeys: String, CodingKey {
      case keys, length
      case nameByteCount = "name_bytes"
      case memoryByteCount = "memory_bytes"
    }

    mutating func merge(_ other: Self) {
      keys &+= other.keys
      nameByteCount &+= other.nameByteCount
      length &+= other.length
      memoryByteCount &+= other.memoryByteCount
    }
  }

  init(limit: Int, lists: [List], types: [String: TypeSummary]) {
    (self.limit, self.lists, self.types) = (limit, lists, types)
  }

  /// Returns the first keys in the ranking by `measure`: of all types, or of one.
  ///
  /// - Parameters:
  ///   - measure: The figure by which the keys are ranked.
  ///   - type: The type's name, such as `hash`; `nil`: all types.
  public func keys(by measure: Measure, type: String? = nil) -> [KeyEntry] {
    ranked(by: measure, type: type).map(\.entry)
  }

  /// Returns the first keys in the ranking by `measure` with the values that they are ranked by.
  package func ranked(by measure: Measure, type: String? = nil) -> [Ranked] {
    lists.first { $0.measure == measure && $0.type == type }?.keys ?? []
  }

  static func insert(_ ranked: Ranked, into list: inout [Ranked], _ limit: Int) {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].precedes(ranked) { low = middle + 1 } else { high = middle }
    }
    guard low < limit else { return }
    list.insert(ranked, at: low)
    if list.count > limit { list.removeLast() }
  }

  public mutating func merge(_ other: Self) {
    for list in other.lists {
      if let index = lists.firstIndex(where: { $0.measure == list.measure && $0.type == list.type }) {
        for ranked in list.keys { Self.insert(ranked, into: &lists[index].keys, limit) }
      } else {
        lists.append(list)
        lists.sort { ($0.type ?? "", $0.measure.rawValue) < ($1.type ?? "", $1.measure.rawValue) }
      }
    }
    types.merge(other.types) { a, b in
      var sum = a
      sum.merge(b)
      return sum
    }
  }
}

extension TopReport: Codable {
  enum CodingKeys: String, CodingKey { case format, limit, lists, types }
}

/// Ranks keys for a ``TopReport``. There is one counter per worker.
struct TopCounter: ~Copyable {
  private let limit: Int
  private let measures: [TopReport.Measure]
  private let perType: Bool
  /// For each measure, the list of all keys, then one list per type.
  private var lists: [[TopReport.Ranked]]
  /// For each list, the smallest value that can enter it.
  private var least: [UInt64]
  /// For each full list, the database and name of its last key. Of keys with the value in ``least``, only those that precede it
  /// enter the list. In files where most keys have the same value, this alone decides about most keys.
  private var last: [(database: UInt64, name: [UInt8])]
  private var types: [TopReport.TypeSummary]
  private static let typeCount = DataType.allCases.count

  init(_ measures: [TopReport.Measure], limit: Int, perType: Bool) {
    (self.measures, self.limit, self.perType) = (measures, max(limit, 1), perType)
    lists = Array(repeating: [], count: measures.count * (Self.typeCount + 1))
    least = Array(repeating: 0, count: lists.count)
    last = Array(repeating: (database: .max, name: []), count: lists.count)
    types = Array(repeating: TopReport.TypeSummary(), count: Self.typeCount)
  }

  @inline(__always)
  mutating func add(_ measured: borrowing MeasuredKey) {
    let type = measured.type.ordinal
    types[type].keys &+= 1
    types[type].nameByteCount &+= UInt64(measured.name.byteCount)
    types[type].length &+= measured.length
    types[type].memoryByteCount &+= measured.memoryOrSerializedByteCount
    var list = 0
    for measure in measures {
      if let value = measure.value(measured) {
        if value >= least[list] { offer(measured, value, list) }
        if perType, value >= least[list &+ 1 &+ type] { offer(measured, value, list &+ 1 &+ type) }
      }
      list &+= Self.typeCount &+ 1
    }
  }

  @inline(never)
  private mutating func offer(_ measured: borrowing MeasuredKey, _ value: UInt64, _ list: Int) {
    // Compare before copying anything of the key.
    if lists[list].count >= limit, value == least[list] {
      if measured.database > last[list].database { return }
      if measured.database == last[list].database, measured.name.follows(last[list].name) { return }
    }
    TopReport.insert(TopReport.Ranked(value: value, entry: KeyEntry(measured)), into: &lists[list], limit)
    if lists[list].count >= limit, let entry = lists[list].last {
      least[list] = entry.value
      last[list] = (entry.entry.database, entry.entry.key.bytes)
    }
  }

  consuming func finish() -> TopReport {
    var all: [TopReport.List] = []
    for (number, measure) in measures.enumerated() {
      let start = number * (Self.typeCount + 1)
      all.append(TopReport.List(measure: measure, type: nil, keys: lists[start]))
      guard perType else { continue }
      for type in DataType.allCases where !lists[start + 1 + type.ordinal].isEmpty {
        all.append(
          TopReport.List(measure: measure, type: type.rawValue, keys: lists[start + 1 + type.ordinal]))
      }
    }
    all.sort { ($0.type ?? "", $0.measure.rawValue) < ($1.type ?? "", $1.measure.rawValue) }
    var summaries: [String: TopReport.TypeSummary] = [:]
    for type in DataType.allCases where types[type.ordinal].keys > 0 {
      summaries[type.rawValue] = types[type.ordinal]
    }
    return TopReport(limit: limit, lists: all, types: summaries)
  }
}

extension RawSpan {
  /// Whether these bytes come after others in the order of unsigned bytes.
  @inline(__always)
  fileprivate func follows(_ other: [UInt8]) -> Bool {
    let order = withUnsafeBytes { a in
      other.withUnsafeBytes { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return 0 as Int32 }
        return memcmp(a, b, min(byteCount, other.count))
      }
    }
    return order != 0 ? order > 0 : byteCount > other.count
  }
}
