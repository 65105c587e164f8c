import RDB
import RDBFormat

/// The summary of the keys of one database, type and encoding.
package struct StatsCell: CountedEntry {
  package static var limit: Int { 4096 }
  package var database: UInt64
  package var type: String
  /// The encoding in a server that has just loaded the keys; `nil` for modules.
  package var encoding: String?
  package var summary = KeySummary()
  /// The number of elements per key; of strings, their lengths in bytes.
  package var elements = SizeHistogram()
  /// The size of the values without compression, in bytes.
  package var plainByteCount: UInt64 = 0

  enum CodingKeys: String, CodingKey {
    case database = "db"
    case type, encoding, elements
    case summary = "totals"
    case plainByteCount = "plain_bytes"
  }

  package func precedes(_ other: Self) -> Bool {
    (database, type, encoding ?? "") < (other.database, other.type, other.encoding ?? "")
  }

  package mutating func merge(_ other: Self) {
    summary.merge(other.summary)
    elements.merge(other.elements)
    plainByteCount &+= other.plainByteCount
  }
}

/// Collects cells: those of the current database in an array, those of other databases in a sorted list.
struct StatsCellCollector: Sendable {
  private(set) var finished = SmallestEntries<StatsCell>()
  private var database: UInt64 = 0
  /// One cell per type and encoding.
  private var cells: [StatsCell?]
  private static let encodings = ObjectEncoding.allCases
  private static let types = DataType.allCases

  init() { cells = Array(repeating: nil, count: Self.types.count * (Self.encodings.count + 1)) }

  @inline(__always)
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange) {
    if key.database != database {
      finish()
      database = key.database
    }
    let encoding = key.encoding.map { $0.ordinal + 1 } ?? 0
    let index = key.type.ordinal * (Self.encodingCount + 1) + encoding
    if cells[index] == nil { make(index, key) }
    cells[index]?.summary.add(key, range)
    cells[index]?.elements.add(key.length)
    cells[index]?.plainByteCount &+= key.plainByteCount
  }

  private static var encodingCount: Int { 17 }

  @inline(never)
  private mutating func make(_ index: Int, _ key: borrowing MeasuredKey) {
    cells[index] = StatsCell(
      database: key.database, type: key.type.rawValue, encoding: key.encoding?.rawValue)
  }

  /// Moves the cells of the current database to the sorted list.
  mutating func finish() {
    for index in cells.indices {
      guard let cell = cells[index] else { continue }
      finished.add(cell)
      cells[index] = nil
    }
  }
}

extension DataType {
  /// A number below 9 that no other case has.
  package var ordinal: Int {
    switch self {
    case .string: 0
    case .list: 1
    case .set: 2
    case .zset: 3
    case .hash: 4
    case .stream: 5
    case .array: 6
    case .module: 7
    case .pathHash: 8
    }
  }
}

extension ObjectEncoding {
  /// The index among all cases.
  package var ordinal: Int {
    switch self {
    case .raw: 0
    case .int: 1
    case .embstr: 2
    case .linkedlist: 3
    case .ziplist: 4
    case .quicklist: 5
    case .listpack: 6
    case .zipmap: 7
    case .hashtable: 8
    case .listpackex: 9
    case .templateListpack: 10
    case .templateArray: 11
    case .intset: 12
    case .skiplist: 13
    case .stream: 14
    case .array: 15
    case .unknown: 16
    case .radix: 17
    }
  }
}
