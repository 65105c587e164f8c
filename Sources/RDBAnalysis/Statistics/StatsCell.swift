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

  @inline(__always)
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange) {
    summary.add(key, range)
    elements.add(key.length)
    plainByteCount &+= key.plainByteCount
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
  /// The cells of the current database. They are not optional, because changing an optional one would copy it.
  private var cells: [StatsCell] = []
  /// For each type and encoding, the index in ``cells``; −1 if there is no cell yet.
  private var indexes: [Int]
  /// The number of encodings, and one for keys without one.
  private let encodingSlots = ObjectEncoding.allCases.count + 1

  init() { indexes = Array(repeating: -1, count: DataType.allCases.count * encodingSlots) }

  @inline(__always)
  mutating func add(_ key: borrowing MeasuredKey, _ range: ExpiryRange) {
    if key.database != database {
      finish()
      database = key.database
    }
    let encoding = key.encoding.map { $0.ordinal + 1 } ?? 0
    let number = key.type.ordinal &* encodingSlots &+ encoding
    if indexes[number] < 0 { make(number, key) }
    cells[indexes[number]].add(key, range)
  }

  @inline(never)
  private mutating func make(_ number: Int, _ key: borrowing MeasuredKey) {
    indexes[number] = cells.count
    cells.append(StatsCell(database: key.database, type: key.type.rawValue, encoding: key.encoding?.rawValue))
  }

  /// Moves the cells of the current database to the sorted list.
  mutating func finish() {
    for cell in cells { finished.add(cell) }
    cells.removeAll()
    for number in indexes.indices { indexes[number] = -1 }
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
