import RDB
import RDBFormat

/// The largest elements of one key, and a histogram of the sizes of all: the report of `rdb top-elements`.
package struct TopElements: Hashable, MergeableSummary, Codable {
  /// An element and its size.
  package struct Element: Hashable, Sendable, Codable {
    /// The position of the element in the value, counted from 0; of an array, its index.
    package var number: UInt64
    /// The field, member or entry ID; `nil` for lists and arrays.
    package var name: BinaryText?
    /// Whether the name is cut.
    package var isCut: Bool
    /// The size of name and value as a client receives them, in bytes.
    package var byteCount: UInt64
    /// The size of the value, in bytes.
    package var valueByteCount: UInt64

    enum CodingKeys: String, CodingKey {
      case number, name
      case isCut = "name_is_cut"
      case byteCount = "bytes"
      case valueByteCount = "value_bytes"
    }
  }

  /// The largest number of bytes of a name that are kept.
  package static let nameLimit = 4096

  /// The version of the JSON format.
  package private(set) var format = 1
  package internal(set) var database: UInt64 = 0
  package internal(set) var key = BinaryText([UInt8]())
  /// The data type of the key, such as `hash`.
  package internal(set) var type = ""
  /// The sizes of all elements.
  package internal(set) var sizes = SizeHistogram()
  /// The largest elements in descending order of size; elements of the same size in file order.
  package internal(set) var elements: [Element] = []

  enum CodingKeys: String, CodingKey {
    case format
    case database = "db"
    case key, type, sizes, elements
  }

  package init() {}

  /// Takes the other summary if this one has no key, because only one worker reads the key.
  package mutating func merge(_ other: TopElements) { if type.isEmpty { self = other } }
}

/// Finds the largest elements of a key.
///
/// Memory is bounded by the number of kept elements, each with a name of at most ``TopElements/nameLimit`` bytes.
package struct TopElementsSink: SelectiveSink, FoldingSink, ~Copyable {
  private var report = TopElements()
  /// The number of kept elements.
  private let limit: Int
  /// The size that an element must exceed to be kept, in bytes.
  private var least: UInt64 = 0
  private var number: UInt64 = 0
  /// The current path of a path hash, cut at ``TopElements/nameLimit``.
  private var path: (name: BinaryText, isCut: Bool, number: UInt64, byteCount: UInt64)?
  private var entry: (id: StreamID, number: UInt64, byteCount: UInt64)?

  /// Creates a sink.
  ///
  /// - Parameter limit: The number of kept elements, at least 1.
  package init(limit: Int) { self.limit = max(limit, 1) }

  package static var events: SinkEvents {
    [
      .listElement, .setMember, .zsetMember, .hashField, .arrayElement, .beginPath, .pathField, .beginStreamEntry,
      .streamField, .streamInfo, .endKey,
    ]
  }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    report.database = key.database
    report.key = BinaryText(key.name)
    report.type = key.type.rawValue
    switch key.type {
    case .string, .module:
      throw RDBError(
        .refused, at: 0, expected: "a list, set, sorted set, hash, stream, array or path hash",
        found: "a value without elements, of type \(key.type.rawValue)")
    case .list, .set, .zset, .hash, .stream, .array, .pathHash: return .elements
    }
  }

  /// Adds an element to the histogram, and keeps it if it is one of the largest.
  ///
  /// - Parameter isNamed: Whether `name` is the name of the element; otherwise its bytes do not count.
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
    // Insert the element after elements of the same size, which precede it in the file.
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

  package mutating func listElement(_ element: RawSpan) throws(RDBError) {
    add(element, isNamed: false, value: element.byteCount, number: next())
  }

  package mutating func setMember(_ member: RawSpan) throws(RDBError) { add(member, value: 0, number: next()) }

  package mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    add(member, value: 0, number: next())
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws(RDBError) {
    add(field, value: value.byteCount, number: next())
  }

  package mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    add(value, isNamed: false, value: value.byteCount, number: index)
  }

  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    endEntry()
    entry = (id, next(), 0)
  }

  package mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    entry?.byteCount &+= UInt64(field.byteCount &+ value.byteCount)
  }

  package mutating func streamInfo(_ info: StreamInfo) throws(RDBError) { endEntry() }

  /// Ends a stream entry. Its size is that of its fields and values, without the ID.
  private mutating func endEntry() {
    guard let entry else { return }
    self.entry = nil
    add(entry.byteCount, number: entry.number, isCut: false, name: BinaryText(Array("\(entry.id)".utf8)))
  }

  /// Adds an element whose size is that of its value.
  private mutating func add(_ byteCount: UInt64, number: UInt64, isCut: Bool, name: @autoclosure () -> BinaryText) {
    report.sizes.add(byteCount)
    guard report.elements.count < limit || byteCount > least else { return }
    keep(
      TopElements.Element(
        number: number, name: name(), isCut: isCut, byteCount: byteCount, valueByteCount: byteCount))
  }

  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    endPath()
    let isCut = path.byteCount > TopElements.nameLimit
    let name = isCut ? path.extracting(first: TopElements.nameLimit) : path
    self.path = (BinaryText(name), isCut, next(), 0)
  }

  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    path?.byteCount &+= UInt64(field.byteCount &+ value.byteCount)
  }

  package mutating func endKey(_ end: KeyEnd) throws(RDBError) { endPath() }

  /// Ends a path. Its size is that of its fields and values.
  private mutating func endPath() {
    guard let path else { return }
    self.path = nil
    add(path.byteCount, number: path.number, isCut: path.isCut, name: path.name)
  }

  package consuming func finish() throws(RDBError) -> TopElements { report }
}
