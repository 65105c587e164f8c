import RDB
import RDBFormat

/// Keys of one database in one type and encoding.
public struct StatsCell: CountedEntry {
  public static var limit: Int { 4096 }
  public var database: UInt64
  public var type: String
  /// As the server holds them once it has loaded them; absent for modules.
  public var encoding: String?
  public var totals = KeyTotals()
  /// Elements of each key; of strings, their bytes.
  public var elements = SizeHistogram()
  /// Bytes of the values with nothing compressed.
  public var plainByteCount: UInt64 = 0

  enum CodingKeys: String, CodingKey {
    case database = "db"
    case type, encoding, totals, elements
    case plainByteCount = "plain_bytes"
  }

  public func precedes(_ other: Self) -> Bool {
    (database, type, encoding ?? "") < (other.database, other.type, other.encoding ?? "")
  }

  public mutating func merge(_ other: Self) {
    totals.merge(other.totals)
    elements.merge(other.elements)
    plainByteCount &+= other.plainByteCount
  }
}

/// Cells of the current database, found by number; the others in their place.
struct StatsCells: Sendable {
  private(set) var finished = SmallestEntries<StatsCell>()
  private var database: UInt64 = 0
  /// One for each type and encoding.
  private var cells: [StatsCell?]
  private static let encodings = ObjectEncoding.allCases
  private static let types = DataType.allCases

  init() { cells = Array(repeating: nil, count: Self.types.count * (Self.encodings.count + 1)) }

  @inline(__always)
  mutating func add(_ row: borrowing MemoryRow, _ life: Life) {
    if row.database != database {
      finish()
      database = row.database
    }
    let encoding = row.encoding.map { $0.ordinal + 1 } ?? 0
    let place = row.type.ordinal * (Self.encodingCount + 1) + encoding
    if cells[place] == nil { make(place, row) }
    cells[place]?.totals.add(row, life)
    cells[place]?.elements.add(row.length)
    cells[place]?.plainByteCount &+= row.plainByteCount
  }

  private static var encodingCount: Int { 17 }

  @inline(never)
  private mutating func make(_ place: Int, _ row: borrowing MemoryRow) {
    cells[place] = StatsCell(
      database: row.database, type: row.type.rawValue, encoding: row.encoding?.rawValue)
  }

  /// Puts the cells of the current database to the others.
  mutating func finish() {
    for place in cells.indices {
      guard let cell = cells[place] else { continue }
      finished.add(cell)
      cells[place] = nil
    }
  }
}

extension DataType {
  /// The number among all cases.
  var ordinal: Int {
    switch self {
    case .string: 0
    case .list: 1
    case .set: 2
    case .zset: 3
    case .hash: 4
    case .stream: 5
    case .array: 6
    case .module: 7
    }
  }
}

extension ObjectEncoding {
  /// The number among all cases.
  var ordinal: Int {
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
    }
  }
}
