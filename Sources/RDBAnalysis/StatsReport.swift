public import RDB
public import RDBFormat

/// Keys of one database in one type and encoding.
public struct StatsCell: CountedEntry {
  public static var limit: Int { 10_000 }
  public var database: UInt64
  public var type: String
  /// As the server holds them once it has loaded them; absent for modules.
  public var encoding: String?
  public var totals = KeyTotals()
  /// Elements of each key.
  public var elements = SizeHistogram()

  enum CodingKeys: String, CodingKey {
    case database = "db"
    case type, encoding, totals, elements
  }

  public func precedes(_ other: Self) -> Bool {
    (database, type, encoding ?? "") < (other.database, other.type, other.encoding ?? "")
  }

  public mutating func merge(_ other: Self) {
    totals.merge(other.totals)
    elements.merge(other.elements)
  }
}

/// Types × databases × encodings: how many, how large, how many elements; and hash slots.
public struct StatsReport: Hashable, Sendable, Codable {
  public let referenceMilliseconds: Int64
  public private(set) var total = KeyTotals()
  public private(set) var cells = SmallestEntries<StatsCell>()
  /// Lengths of key names.
  public private(set) var names = SizeHistogram()
  /// Collections that are a little too large for their compact form, by type: what their limit is, and
  /// how many have up to twice as many elements.
  public private(set) var nearMisses: [String: NearMiss] = [:]

  /// Collections just above a limit.
  public struct NearMiss: Hashable, Sendable, Codable {
    /// The default limit of elements in the compact form.
    public var limit: UInt64
    public var keys: UInt64 = 0
    public var memoryByteCount: UInt64 = 0
    public var serializedByteCount: UInt64 = 0

    enum CodingKeys: String, CodingKey {
      case limit, keys
      case memoryByteCount = "memory_bytes"
      case serializedByteCount = "serialized_bytes"
    }

    mutating func merge(_ other: Self) {
      keys &+= other.keys
      memoryByteCount &+= other.memoryByteCount
      serializedByteCount &+= other.serializedByteCount
    }
  }

  /// - Parameter reference: The time that decides what has expired.
  public init(reference: UnixMilliseconds) { referenceMilliseconds = reference.value }

  enum CodingKeys: String, CodingKey {
    case referenceMilliseconds = "reference_ms"
    case total, cells, names
    case nearMisses = "near_misses"
  }

  public mutating func add(_ row: borrowing MemoryRow) {
    let reference = UnixMilliseconds(referenceMilliseconds)
    total.add(row, reference: reference)
    names.add(UInt64(row.name.byteCount))
    cells.update(
      StatsCell(
        database: row.database, type: row.type.data.rawValue,
        encoding: row.encoding.map { "\($0.name)" })
    ) { cell in
      cell.totals.add(row, reference: reference)
      cell.elements.add(row.elementCount)
    }
    if let limit = Self.compactLimit(row), row.elementCount > limit, row.elementCount <= 2 * limit {
      let miss = NearMiss(
        limit: limit, keys: 1, memoryByteCount: row.memoryOrSerializedByteCount,
        serializedByteCount: row.serializedByteCount)
      nearMisses[row.type.data.rawValue, default: NearMiss(limit: limit)].merge(miss)
    }
  }

  /// `hash-max-listpack-entries` and the like, of what is not compact.
  private static func compactLimit(_ row: borrowing MemoryRow) -> UInt64? {
    switch row.encoding {
    case .hashtable: row.type.data == .hash ? 512 : 128
    case .skiplist: 128
    default: nil
    }
  }

  /// Adds the report of other keys, with the same reference time.
  public mutating func merge(_ other: Self) {
    total.merge(other.total)
    cells.merge(other.cells)
    names.merge(other.names)
    for (type, miss) in other.nearMisses {
      nearMisses[type, default: NearMiss(limit: miss.limit)].merge(miss)
    }
  }
}
