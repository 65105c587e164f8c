import RDBFormat

/// The smallest and the largest value of a column in one row group, as statistics store them.
package struct ColumnBounds {
  /// A bound, and whether it is a value of the column.
  package struct Bound: Equatable {
    package var bytes: [UInt8]
    package var isExact = true

    package init(bytes: [UInt8], isExact: Bool = true) { (self.bytes, self.isExact) = (bytes, isExact) }
  }

  package var smallest: Bound?
  package var largest: Bound?

  /// The largest size of a bound, in bytes.
  private static let byteLimit = 64

  /// Compares the distinct values of a dictionary, or else all values of a column.
  package init(_ column: ColumnBuffer, _ schema: ColumnSchema, dictionary: [UInt8]?) {
    switch schema.kind {
    case .int32, .int64, .timestamp: compareIntegers(column, schema.fixedByteCount)
    case .double: compareDoubles(column)
    case .bytes, .text, .names: compareBytes(dictionary ?? column.bytes, isText: schema.kind != .bytes)
    }
  }

  private mutating func compareIntegers(_ column: ColumnBuffer, _ byteCount: Int) {
    guard let first = column.numbers.first else { return }
    var (least, most) = (first, first)
    for number in column.numbers {
      if number < least { least = number }
      if number > most { most = number }
    }
    set(least, most, byteCount)
  }

  private mutating func set(_ least: Int64, _ most: Int64, _ byteCount: Int) {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: least, byteCount: byteCount)
    smallest = Bound(bytes: bytes)
    bytes = []
    bytes.append(littleEndian: most, byteCount: byteCount)
    largest = Bound(bytes: bytes)
  }

  /// A zero counts as −0 in the smallest and as +0 in the largest value: the order of the two is not defined.
  private mutating func compareDoubles(_ column: ColumnBuffer) {
    var (least, most) = (Double.infinity, -Double.infinity)
    for number in column.numbers {
      let value = Double(bitPattern: UInt64(bitPattern: number))
      if value.isNaN { return }
      least = min(least, value)
      most = max(most, value)
    }
    if column.numbers.isEmpty { return }
    if least == 0 { least = -0.0 }
    if most == 0 { most = 0.0 }
    set(Int64(bitPattern: least.bitPattern), Int64(bitPattern: most.bitPattern), 8)
  }

  private mutating func compareBytes(_ values: [UInt8], isText: Bool) {
    if values.isEmpty { return }
    var (least, most) = (0, 0)
    var start = 0
    func value(_ start: Int) -> Range<Int> { start + 4..<start + 4 + values.length(at: start) }
    while start < values.count {
      let range = value(start)
      let bytes = values.span.bytes.extracting(range)
      if bytes.compare(values.span.bytes.extracting(value(least))) < 0 { least = start }
      if bytes.compare(values.span.bytes.extracting(value(most))) > 0 { most = start }
      start = range.upperBound
    }
    smallest = Self.lower(values[value(least)], isText: isText)
    largest = Self.upper(values[value(most)], isText: isText)
  }

  /// A value, or its beginning: which precedes it. Text is cut between two characters.
  private static func lower(_ value: ArraySlice<UInt8>, isText: Bool) -> Bound {
    if value.count <= byteLimit { return Bound(bytes: Array(value)) }
    var end = value.startIndex + byteLimit
    if isText { while value[end] & 0xC0 == 0x80 { end -= 1 } }
    return Bound(bytes: Array(value[..<end]), isExact: false)
  }

  /// A value, or a short one that follows it: its beginning with the last byte that can grow made larger by one. In text
  /// only an ASCII character grows, so that the bound is UTF-8. `nil`: no byte can grow.
  private static func upper(_ value: ArraySlice<UInt8>, isText: Bool) -> Bound? {
    if value.count <= byteLimit { return Bound(bytes: Array(value)) }
    let beginning = value.prefix(byteLimit)
    guard let index = beginning.lastIndex(where: { $0 < (isText ? 0x7F : 0xFF) }) else { return nil }
    return Bound(bytes: Array(beginning[..<index]) + [beginning[index] + 1], isExact: false)
  }
}
