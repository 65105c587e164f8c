import RDB
import RDBFormat
import RDBSupport

/// The elements of one collection, as long as it can be packed. Their size is then bounded by the limits of the release.
struct HeldElements {
  /// The bytes of all elements; of a hash, field and value alternating.
  private(set) var bytes: [UInt8] = []
  /// The end of each element in ``bytes``.
  private var ends: [Int] = []
  private(set) var scores: [Double] = []
  private(set) var expiries: [UnixMilliseconds?] = []
  /// The bytes of the longest element.
  private(set) var longest = 0
  /// Whether a field has an expiry.
  private(set) var expires = false
  private var areIntegers = true

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 20)
    ends.removeAll(keepingCapacity: true)
    scores.removeAll(keepingCapacity: true)
    expiries.removeAll(keepingCapacity: true)
    (longest, expires, areIntegers) = (0, false, true)
  }

  private mutating func append(_ element: RawSpan) {
    bytes.append(element)
    ends.append(bytes.count)
    longest = max(longest, element.byteCount)
  }

  /// Holds an element of a list or a member of a set.
  mutating func append(element: RawSpan) {
    append(element)
    if areIntegers { areIntegers = DecimalText.parseCanonical(element) != nil }
  }

  /// Holds a member of a sorted set.
  mutating func append(_ member: RawSpan, score: Double) {
    append(member)
    scores.append(score)
  }

  /// Holds a field of a hash.
  mutating func append(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) {
    append(field)
    append(value)
    expiries.append(expiry)
    if expiry != nil { expires = true }
  }

  /// The number of elements, members or fields.
  func count(of data: DataType) -> Int { data == .hash ? ends.count / 2 : ends.count }

  /// The encoding that a release chooses for the elements so far.
  func encoding(of data: DataType, _ limits: EncodingLimits) -> ObjectEncoding {
    limits.encoding(
      of: data, count: count(of: data), longest: longest, areIntegers: areIntegers, expires: expires)
  }

  /// The bytes of an element; of a hash, field *n* is element 2*n*, and its value the next one.
  func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  // MARK: Order

  /// The indexes of the members or fields in the order of a packed value, each name once: of equal ones, the last one.
  ///
  /// Sorted sets ascend by score and name. Fields with expiries ascend by expiry; those without come last.
  func order(of data: DataType) -> [Int] {
    let width = data == .hash ? 2 : 1
    var order = Array(0..<count(of: data))
    if data != .list {
      var last: [ArraySlice<UInt8>: Int] = [:]
      for index in order { last[bytes[range(index * width)]] = index }
      if last.count < order.count { order = order.filter { last[bytes[range($0 * width)]] == $0 } }
    }
    if data == .zset {
      order.sort {
        scores[$0] != scores[$1]
          ? scores[$0] < scores[$1] : bytes[range($0)].lexicographicallyPrecedes(bytes[range($1)])
      }
    } else if data == .hash, expires {
      order.sort { (expiries[$0]?.value ?? .max, $0) < (expiries[$1]?.value ?? .max, $1) }
    }
    return order
  }

  // MARK: Writing

  /// Writes the elements as a packed value.
  func writePacked(_ name: RawSpan, _ type: ValueType, _ attributes: KeyAttributes, to writer: inout RDBWriter) throws {
    let order = order(of: type.data)
    if type == .setIntset { return try writeIntegers(name, order, attributes, to: &writer) }
    let all = bytes.span.bytes
    var packed = PackedBuilder(for: type, version: writer.header.version)
    for index in order {
      guard type.data == .hash else {
        packed.append(all.extracting(range(index)))
        if type.data == .zset { packed.append(score: scores[index]) }
        continue
      }
      packed.append(all.extracting(range(2 * index)))
      packed.append(all.extracting(range(2 * index + 1)))
      if type == .hashListpackEx { packed.append(expiries[index]?.value ?? 0) }
    }
    try writer.packed(
      name, type, try packed.finished(), firstExpiry: order.first.flatMap { type.data == .hash ? expiries[$0] : nil },
      attributes)
  }

  private func writeIntegers(
    _ name: RawSpan, _ order: [Int], _ attributes: KeyAttributes, to writer: inout RDBWriter
  ) throws {
    let all = bytes.span.bytes
    let integers = order.compactMap { DecimalText.parseCanonical(all.extracting(range($0))) }.sorted()
    var packed = IntsetWriter(range: (integers.first ?? 0)...(integers.last ?? 0))
    for integer in integers { try packed.append(integer) }
    try writer.packed(name, .setIntset, try packed.finished(), attributes)
  }
}
