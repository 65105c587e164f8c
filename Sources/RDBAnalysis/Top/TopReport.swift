import RDB
import RDBFormat

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
    type = row.type.rawValue
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

/// The keys that have most of something, of all and of each type.
///
/// Ties are broken by database, then name: the same for any order of reading and merging.
public struct TopReport: Hashable, Sendable {
  /// What keys are ranked by.
  public enum Measure: String, Hashable, Sendable, Codable, CaseIterable {
    case memory, serialized, elements, length, idle, frequency

    /// `nil`: the key has no such figure.
    @inline(__always)
    func value(_ row: borrowing MemoryRow) -> UInt64? {
      switch self {
      case .memory: row.memoryByteCount
      case .serialized: row.serializedByteCount
      case .elements: row.elementCount
      case .length: row.length
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

  /// The first of all keys (`type` is `nil`) or of one type.
  public struct List: Hashable, Sendable, Codable {
    public var measure: Measure
    public var type: String?
    public var keys: [Ranked] = []
  }

  /// The version of this form.
  public private(set) var format = 1
  public let limit: Int
  public private(set) var lists: [List]
  /// Keys, lengths of their names, and sums of ``MemoryRow/length`` and memory, by type.
  public private(set) var types: [String: TypeTotals]

  /// What there is of a type.
  public struct TypeTotals: Hashable, Sendable, Codable {
    public var keys: UInt64 = 0
    public var nameByteCount: UInt64 = 0
    public var length: UInt64 = 0
    public var memoryByteCount: UInt64 = 0

    public init() {}

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

  init(limit: Int, lists: [List], types: [String: TypeTotals]) {
    (self.limit, self.lists, self.types) = (limit, lists, types)
  }

  /// The first keys by `measure`, of all types or of one.
  public func keys(by measure: Measure, type: String? = nil) -> [Ranked] {
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

  /// Adds the report of other keys, made with the same options.
  public mutating func merge(_ other: Self) {
    for list in other.lists {
      if let place = lists.firstIndex(where: { $0.measure == list.measure && $0.type == list.type }) {
        for ranked in list.keys { Self.insert(ranked, into: &lists[place].keys, limit) }
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

/// Ranks keys for a ``TopReport``. One a worker.
struct TopCounter: ~Copyable {
  private let limit: Int
  private let measures: [TopReport.Measure]
  private let perType: Bool
  /// For each measure: of all keys, then of each type.
  private var lists: [[TopReport.Ranked]]
  /// The value of the last of a full list: what is below it is not wanted.
  private var least: [UInt64]
  private var types: [TopReport.TypeTotals]
  private static let typeCount = DataType.allCases.count

  init(_ measures: [TopReport.Measure], limit: Int, perType: Bool) {
    (self.measures, self.limit, self.perType) = (measures, max(limit, 1), perType)
    lists = Array(repeating: [], count: measures.count * (Self.typeCount + 1))
    least = Array(repeating: 0, count: lists.count)
    types = Array(repeating: TopReport.TypeTotals(), count: Self.typeCount)
  }

  @inline(__always)
  mutating func add(_ row: borrowing MemoryRow) {
    let type = row.type.ordinal
    types[type].keys &+= 1
    types[type].nameByteCount &+= UInt64(row.name.byteCount)
    types[type].length &+= row.length
    types[type].memoryByteCount &+= row.memoryOrSerializedByteCount
    var list = 0
    for measure in measures {
      if let value = measure.value(row) {
        if value >= least[list] { offer(row, value, list) }
        if perType, value >= least[list &+ 1 &+ type] { offer(row, value, list &+ 1 &+ type) }
      }
      list &+= Self.typeCount &+ 1
    }
  }

  @inline(never)
  private mutating func offer(_ row: borrowing MemoryRow, _ value: UInt64, _ list: Int) {
    // Looked at before anything of the key is copied.
    if lists[list].count >= limit, value == least[list], let last = lists[list].last {
      if row.database != last.entry.database {
        if row.database > last.entry.database { return }
      } else if row.name.withUnsafeBytes({ last.entry.key.bytes.lexicographicallyPrecedes($0) }) {
        return
      }
    }
    TopReport.insert(TopReport.Ranked(value: value, entry: KeyEntry(row)), into: &lists[list], limit)
    if lists[list].count >= limit { least[list] = lists[list].last?.value ?? 0 }
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
    var totals: [String: TopReport.TypeTotals] = [:]
    for type in DataType.allCases where types[type.ordinal].keys > 0 {
      totals[type.rawValue] = types[type.ordinal]
    }
    return TopReport(limit: limit, lists: all, types: totals)
  }
}
