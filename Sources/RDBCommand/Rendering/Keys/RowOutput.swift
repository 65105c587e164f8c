import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBSupport

/// The columns of a key, from a row that was just read or from an entry of a report.
struct RowValues {
  var database: UInt64
  var type: DataType
  var encoding: ObjectEncoding?
  var memory: UInt64?
  var serialized: UInt64
  var elements: UInt64
  var largest: UInt64
  var expiry: Int64?
  var idle: UInt64?
  var frequency: UInt8?

  @inline(__always)
  init(_ row: borrowing MeasuredKey) {
    (database, type, encoding) = (row.database, row.type, row.encoding)
    (memory, serialized, elements) = (row.memoryByteCount, row.serializedByteCount, row.elementCount)
    (largest, expiry, idle) = (row.largestElementByteCount, row.expiry?.value, row.idleSeconds)
    frequency = row.frequency
  }

  init(_ entry: KeyEntry) {
    (database, type) = (entry.database, DataType(rawValue: entry.type) ?? .string)
    encoding = entry.encoding.flatMap { ObjectEncoding(rawValue: $0) }
    (memory, serialized, elements) = (entry.memoryByteCount, entry.serializedByteCount, entry.elements)
    (largest, expiry, idle) = (entry.largestElementByteCount, entry.expiryMilliseconds, entry.idleSeconds)
    frequency = entry.frequency
  }
}

/// An output of rows as text, CSV or JSON. Plain cells take no allocation.
struct RowOutput: ~Copyable {
  var output: ByteOutput
  private let strings: JSONStrings
  private let defuses: Bool

  init(to destination: any ByteDestination, strings: JSONOptions.Strings, defuses: Bool) {
    output = ByteOutput(to: destination)
    self.strings = JSONStrings(strings)
    self.defuses = defuses
  }

  @inline(__always)
  mutating func text(_ text: StaticString) throws(RDBError) { try output.append(text) }

  @inline(__always)
  mutating func number(_ value: UInt64) throws(RDBError) {
    try output.reserve(DecimalText.maximumByteCount)
    output.advance(by: DecimalText.write(value, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  @inline(__always)
  mutating func number(_ value: Int64) throws(RDBError) {
    try output.reserve(DecimalText.maximumByteCount)
    output.advance(by: DecimalText.write(value, to: output.spare.baseAddress.unsafelyUnwrapped))
  }

  /// Writes a number, or nothing.
  @inline(__always)
  mutating func optional(_ value: UInt64?) throws(RDBError) { if let value { try number(value) } }

  /// Writes a number, or `null`.
  @inline(__always)
  mutating func jsonNumber(_ value: UInt64?) throws(RDBError) {
    if let value { try number(value) } else { try text("null") }
  }

  @inline(__always)
  mutating func jsonText(_ bytes: RawSpan) throws(RDBError) { try strings.appendValue(bytes, to: &output) }

  /// Writes a time as `2026-01-01T00:00:00.000Z`; outside of the years 1 to 9999, as a number of milliseconds.
  mutating func time(_ milliseconds: Int64) throws(RDBError) {
    try output.reserve(TimeText.byteCount)
    if TimeText.write(milliseconds: milliseconds, to: output.spare.baseAddress.unsafelyUnwrapped) {
      output.advance(by: TimeText.byteCount)
    } else {
      try number(milliseconds)
    }
  }

  // MARK: Columns of a terminal

  /// Writes a number at the right end of a column; `–` if there is none.
  mutating func column(_ value: UInt64?, width: Int) throws(RDBError) {
    try spaces(width - (value.map { DecimalText.digitCount($0) } ?? 1))
    if let value { try number(value) } else { try text("–") }
  }

  /// Writes a word at the left end of a column, and at least one space.
  mutating func column(_ word: StaticString, width: Int) throws(RDBError) {
    try text(word)
    // `–` is one character of three bytes.
    try spaces(max(width - (word.isASCII ? word.utf8CodeUnitCount : 1), 1))
  }

  /// Writes spaces; none if the number is negative.
  mutating func spaces(_ count: Int) throws(RDBError) {
    for _ in 0..<max(count, 0) { try output.append(UInt8(ascii: " ")) }
  }

  /// Writes the name of a key as ``DisplayText`` shows it.
  mutating func displayed(_ name: RawSpan) throws(RDBError) {
    if name.byteCount <= DisplayText.nameByteCount, DisplayText.isPlain(name) {
      try output.append(name)
    } else {
      try output.append(text: DisplayText.name(name))
    }
  }

  // MARK: Text

  /// Writes a cell of CSV.
  @inline(__always)
  mutating func csvText(_ bytes: RawSpan) throws(RDBError) {
    if bytes.byteCount <= 4096, CSVCell.isPlain(bytes) {
      try output.append(bytes)
    } else {
      try CSVCell.write(bytes, defuses: defuses) { piece throws(RDBError) in try output.append(piece) }
    }
  }

  /// Writes bytes as redis-cli shows them, without the quotation marks. An apostrophe before the text of a formula is
  /// `\x27`, as in CSV.
  mutating func escaped(_ bytes: RawSpan) throws(RDBError) {
    let hasApostrophe = FormulaText.hasApostrophe(bytes)
    if hasApostrophe { try text(FormulaText.escapedApostrophe) }
    for index in (hasApostrophe ? 1 : 0)..<bytes.byteCount {
      let byte = bytes.byte(at: index)
      switch byte {
      case UInt8(ascii: "\""): try text("\\\"")
      case UInt8(ascii: "\\"): try text("\\\\")
      case UInt8(ascii: "\n"): try text("\\n")
      case UInt8(ascii: "\r"): try text("\\r")
      case UInt8(ascii: "\t"): try text("\\t")
      case 0x07: try text("\\a")
      case 0x08: try text("\\b")
      case 0x20...0x7E: try output.append(byte)
      default:
        try text("\\x")
        try output.append(Self.hexDigit(byte >> 4))
        try output.append(Self.hexDigit(byte & 15))
      }
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
