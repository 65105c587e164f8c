public import RDB
import RDBFormat

/// The largest elements of one key, and how large all are: what `rdb top-elements` says.
public struct TopElements: Hashable, MergeableSummary, Codable {
  /// An element, and what it takes.
  public struct Element: Hashable, Sendable, Codable {
    /// Its number in the file, from 0; of an array its index.
    public var number: UInt64
    /// The field, the member, the entry's ID; nothing for lists and arrays.
    public var name: BinaryText?
    /// Whether only the beginning of a long name is given.
    public var isCut: Bool
    /// Bytes of the name and the value together, as a client gets them.
    public var byteCount: UInt64
    /// Bytes of the value alone.
    public var valueByteCount: UInt64

    enum CodingKeys: String, CodingKey {
      case number, name
      case isCut = "name_is_cut"
      case byteCount = "bytes"
      case valueByteCount = "value_bytes"
    }
  }

  /// The most bytes of a name that are kept.
  public static let nameLimit = 4096

  /// The version of this form.
  public private(set) var format = 1
  public internal(set) var database: UInt64 = 0
  public internal(set) var key = BinaryText([UInt8]())
  /// Redis's word for it.
  public internal(set) var type = ""
  /// Bytes of all elements.
  public internal(set) var sizes = SizeHistogram()
  /// Of the same size the first in the file comes first.
  public internal(set) var elements: [Element] = []

  enum CodingKeys: String, CodingKey {
    case format
    case database = "db"
    case key, type, sizes, elements
  }

  public init() {}

  /// Takes the other summary if this one has no key: only one worker reads it.
  public mutating func merge(_ other: TopElements) { if type.isEmpty { self = other } }
}

/// Finds them. Memory is bounded by ``limit`` names of at most ``TopElements/nameLimit`` bytes.
public struct TopElementsSink: SelectiveSink, FoldingSink, ~Copyable {
  private var report = TopElements()
  /// Elements kept.
  private let limit: Int
  /// What an element must exceed to be kept.
  private var least: UInt64 = 0
  private var number: UInt64 = 0
  private var entry: (id: StreamID, number: UInt64, byteCount: UInt64)?

  /// - Parameter limit: How many elements are kept, at least 1.
  public init(limit: Int) { self.limit = max(limit, 1) }

  public static var events: SinkEvents {
    [.listElement, .setMember, .zsetMember, .hashField, .arrayElement, .beginStreamEntry, .streamField, .streamInfo]
  }

  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    report.database = key.database
    report.key = BinaryText(key.name)
    report.type = key.type.rawValue
    switch key.type {
    case .string, .module:
      throw RDBError(
        .refused, at: 0, expected: "a list, set, sorted set, hash, stream or array",
        found: "a value without elements, of type \(key.type.rawValue)")
    default: return .elements
    }
  }

  /// Counts an element, and keeps it if it is one of the largest.
  ///
  /// - Parameter isNamed: Whether `name` is one; else its bytes do not count.
  @inline(__always)
  private mutating func add(_ name: RawSpan, isNamed: Bool = true, value: Int, number: UInt64) {
    let byteCount = UInt64(value &+ (isNamed ? name.byteCount : 0))
    report.sizes.add(byteCount)
    guard report.elements.count < limit || byteCount > least else { return }
    let isCut = isNamed && name.byteCount > TopElements.nameLimit
    keep(
      TopElements.Element(
        number: number, name: isNamed ? BinaryText(isCut ? name.extracting(first: TopElements.nameLimit) : name) : nil,
        isCut: isCut, byteCount: byteCount, valueByteCount: UInt64(value)))
  }

  @inline(never)
  private mutating func keep(_ element: TopElements.Element) {
    // Behind those of the same size, which came before.
    var (low, high) = (0, report.elements.count)
    while low < high {
      let middle = (low + high) / 2
      if report.elements[middle].byteCount >= element.byteCount { low = middle + 1 } else { high = middle }
    }
    report.elements.insert(element, at: low)
    if report.elements.count > limit { report.elements.removeLast() }
    if report.elements.count == limit { least = report.elements[limit - 1].byteCount }
  }

  private mutating func next() -> UInt64 {
    defer { number &+= 1 }
    return number
  }

  public mutating func listElement(_ element: RawSpan) throws(RDBError) {
    add(element, isNamed: false, value: element.byteCount, number: next())
  }

  public mutating func setMember(_ member: RawSpan) throws(RDBError) { add(member, value: 0, number: next()) }

  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    add(member, value: 0, number: next())
  }

  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws(RDBError) {
    add(field, value: value.byteCount, number: next())
  }

  public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    add(value, isNamed: false, value: value.byteCount, number: index)
  }

  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    endEntry()
    entry = (id, next(), 0)
  }

  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    entry?.byteCount &+= UInt64(field.byteCount &+ value.byteCount)
  }

  public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) { endEntry() }

  /// Of an entry the fields and values count, not its ID.
  private mutating func endEntry() {
    guard let entry else { return }
    self.entry = nil
    report.sizes.add(entry.byteCount)
    guard report.elements.count < limit || entry.byteCount > least else { return }
    let id = "\(entry.id.milliseconds)-\(entry.id.sequence)"
    keep(
      TopElements.Element(
        number: entry.number, name: BinaryText(Array(id.utf8)), isCut: false, byteCount: entry.byteCount,
        valueByteCount: entry.byteCount))
  }

  public consuming func finish() throws(RDBError) -> TopElements { report }
}
