import RDB
import RDBSupport

/// A table as CSV (RFC 4180), for reports, which are small.
struct CSVText {
  private(set) var bytes: [UInt8] = []
  private let defuses: Bool

  /// - Parameters:
  ///   - head: The names of the columns.
  ///   - defuses: Whether a `'` goes before cells that a spreadsheet would take for a formula.
  init(_ head: [String], defuses: Bool) {
    self.defuses = defuses
    row(head.map { .number($0) })
  }

  /// Rows without a head, for a table that is written in pieces.
  init(defuses: Bool) { self.defuses = defuses }

  enum Cell {
    /// Text that needs no quotation marks and cannot be a formula.
    case number(String)
    /// Bytes of a snapshot.
    case text([UInt8])
    case none

    static func number(_ value: UInt64?) -> Cell { value.map { .number("\($0)") } ?? .none }
    static func number(_ value: Int64?) -> Cell { value.map { .number("\($0)") } ?? .none }
  }

  mutating func row(_ cells: [Cell]) {
    for (number, cell) in cells.enumerated() {
      if number > 0 { bytes.append(UInt8(ascii: ",")) }
      switch cell {
      case .number(let text): bytes += text.utf8
      case .text(let text):
        CSVCell.write(text.span.bytes, defuses: defuses) { piece in bytes.append(piece) }
      case .none: break
      }
    }
    bytes += "\r\n".utf8
  }
}

/// The form of bytes in a cell of CSV, from which `rdb get --escaped` restores the bytes.
enum CSVCell {
  /// Writes the cell, in pieces of at most 64 KiB.
  ///
  /// UTF-8 without NUL stays as it is, except that a backslash is doubled. Other bytes are escaped as in redis-cli. An
  /// apostrophe before the text of a formula is written `\x27`.
  ///
  /// - Parameters:
  ///   - defuses: Whether a `'` goes before text that a spreadsheet would take for a formula.
  ///   - append: Receives the pieces in order.
  @inline(never)
  static func write<Failure: Error>(
    _ bytes: RawSpan, defuses: Bool, to append: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let isText = isText(bytes)
    let isQuoted = needsQuotes(bytes, isText)
    var piece: [UInt8] = []
    if isQuoted { piece.append(UInt8(ascii: "\"")) }
    var rest = bytes
    if begins(bytes, isText) {
      if defuses { piece.append(UInt8(ascii: "'")) }
    } else if begins(bytes, isText, after: 1), FormulaText.hasApostrophe(bytes) {
      FormulaText.escapedApostrophe.withUTF8Buffer { piece += $0 }
      rest = bytes.extracting(droppingFirst: 1)
    }
    for start in stride(from: 0, to: rest.byteCount, by: pieceByteCount) {
      let source = [UInt8](rest.extracting(start..<min(start + pieceByteCount, rest.byteCount)))
      for byte in isText ? source : escaped(source) {
        if byte == UInt8(ascii: "\""), isQuoted { piece.append(byte) }
        if byte == UInt8(ascii: "\\"), isText { piece.append(byte) }
        piece.append(byte)
      }
      try append(piece.span.bytes)
      piece.removeAll(keepingCapacity: true)
    }
    if isQuoted { piece.append(UInt8(ascii: "\"")) }
    if !piece.isEmpty { try append(piece.span.bytes) }
  }

  private static let pieceByteCount = 8 << 10

  /// Whether the written form of the bytes from `offset` on is the text of a formula. Bytes that are not text are
  /// escaped, unless they are printable ASCII.
  private static func begins(_ bytes: RawSpan, _ isText: Bool, after offset: Int = 0) -> Bool {
    guard FormulaText.begins(bytes, at: offset) else { return false }
    return isText || (0x20...0x7E).contains(bytes.byte(at: offset))
  }

  /// Whether the bytes are UTF-8 without NUL.
  private static func isText(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { bytes in
      !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
    }
  }

  private static func needsQuotes(_ bytes: RawSpan, _ isText: Bool) -> Bool {
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(at: index)
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") || isText && (byte == 0x0A || byte == 0x0D) {
        return true
      }
    }
    return false
  }

  /// Whether the cell is the bytes themselves: ASCII without control characters, quotation marks, backslashes and commas,
  /// and no formula.
  @inline(__always)
  static func isPlain(_ bytes: RawSpan) -> Bool {
    if FormulaText.begins(bytes) || FormulaText.hasApostrophe(bytes) { return false }
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(at: index)
      if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",")
        || byte == UInt8(ascii: "\\")
      {
        return false
      }
    }
    return true
  }
}
