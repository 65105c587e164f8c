import RDB
import RDBSupport

/// Small tables as CSV (RFC 4180): the text of reports.
struct CSVText {
  private(set) var bytes: [UInt8] = []
  let defuses: Bool

  init(_ head: [String], defuses: Bool) {
    self.defuses = defuses
    row(head.map { .number($0) })
  }

  enum Cell {
    /// What cannot be a formula.
    case number(String)
    /// Bytes of a snapshot.
    case text([UInt8])
    case none

    static func number(_ value: UInt64?) -> Cell { value.map { .number("\($0)") } ?? .none }
    static func number(_ value: Int64?) -> Cell { value.map { .number("\($0)") } ?? .none }
    static func text(_ text: String?) -> Cell { text.map { .text(Array($0.utf8)) } ?? .none }
  }

  mutating func row(_ cells: [Cell]) {
    for (number, cell) in cells.enumerated() {
      if number > 0 { bytes.append(UInt8(ascii: ",")) }
      switch cell {
      case .number(let text): bytes += text.utf8
      case .text(let text): append(text)
      case .none: break
      }
    }
    bytes += "\r\n".utf8
  }

  private mutating func append(_ text: [UInt8]) {
    let quotes = CSVCell.quotes(text.span.bytes)
    if quotes { bytes.append(UInt8(ascii: "\"")) }
    if defuses, CSVCell.isFormula(text.span.bytes) { bytes.append(UInt8(ascii: "'")) }
    if CSVCell.isText(text.span.bytes) {
      for byte in text {
        if byte == UInt8(ascii: "\"") { bytes.append(byte) }
        bytes.append(byte)
      }
    } else {
      for character in printable(text, limit: .max).dropFirst().dropLast().utf8 {
        if character == UInt8(ascii: "\"") { bytes.append(character) }
        bytes.append(character)
      }
    }
    if quotes { bytes.append(UInt8(ascii: "\"")) }
  }
}

/// What bytes need in a cell of CSV.
enum CSVCell {
  /// Whether a spreadsheet would take them for a formula.
  @inline(__always)
  static func isFormula(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return false }
    switch bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: return true
    // Full-width twins: ＝ ＋ － ＠.
    case 0xEF: return bytes.byteCount >= 3 && isFullWidth(bytes)
    default: return false
    }
  }

  private static func isFullWidth(_ bytes: RawSpan) -> Bool {
    let second = bytes.unsafeLoad(fromByteOffset: 1, as: UInt8.self)
    let third = bytes.unsafeLoad(fromByteOffset: 2, as: UInt8.self)
    return second == 0xBC && [0x9D, 0x8B, 0x8D, 0xA0].contains(third)
  }

  /// Whether they are shown as they are: UTF-8 without NUL.
  static func isText(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { bytes in
      !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
    }
  }

  @inline(__always)
  static func quotes(_ bytes: RawSpan) -> Bool {
    for place in 0..<bytes.byteCount {
      let byte = bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D { return true }
    }
    return false
  }

  /// Whether they can be copied: ASCII without control characters, quotation marks, commas and backslashes,
  /// and no formula.
  @inline(__always)
  static func isPlain(_ bytes: RawSpan) -> Bool {
    if isFormula(bytes) { return false }
    for place in 0..<bytes.byteCount {
      let byte = bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
      if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") { return false }
    }
    return true
  }
}
