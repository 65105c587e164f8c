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
        CSVCell.write(text.span.bytes, defuses: defuses) { piece in piece.withUnsafeBytes { bytes += $0 } }
      case .none: break
      }
    }
    bytes += "\r\n".utf8
  }
}

/// The form of bytes in a cell of CSV.
enum CSVCell {
  /// Writes the cell, in pieces of at most 64 KiB.
  ///
  /// Text stays as it is. Bytes that are not UTF-8, or have a NUL, are escaped as in redis-cli.
  ///
  /// - Parameters:
  ///   - defuses: Whether a `'` goes before bytes that a spreadsheet would take for a formula.
  ///   - append: Receives the pieces in order.
  @inline(never)
  static func write<Failure: Error>(
    _ bytes: RawSpan, defuses: Bool, to append: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let isQuoted = needsQuotes(bytes)
    let isText = isText(bytes)
    var piece: [UInt8] = []
    if isQuoted { piece.append(UInt8(ascii: "\"")) }
    if defuses, isFormula(bytes) { piece.append(UInt8(ascii: "'")) }
    for start in stride(from: 0, to: bytes.byteCount, by: pieceByteCount) {
      let source = bytes.extracting(start..<min(start + pieceByteCount, bytes.byteCount))
      for byte in isText ? source.withUnsafeBytes({ Array($0) }) : escaped(source.withUnsafeBytes { Array($0) }) {
        if byte == UInt8(ascii: "\""), isQuoted { piece.append(byte) }
        piece.append(byte)
      }
      try append(piece.span.bytes)
      piece.removeAll(keepingCapacity: true)
    }
    if isQuoted { piece.append(UInt8(ascii: "\"")) }
    if !piece.isEmpty { try append(piece.span.bytes) }
  }

  private static let pieceByteCount = 8 << 10

  /// Whether a spreadsheet would take the bytes for a formula.
  @inline(__always)
  private static func isFormula(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return false }
    switch bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: return true
    // The full-width characters ＝ ＋ － ＠.
    case 0xEF: return bytes.byteCount >= 3 && isFullWidth(bytes)
    default: return false
    }
  }

  private static func isFullWidth(_ bytes: RawSpan) -> Bool {
    let second = bytes.unsafeLoad(fromByteOffset: 1, as: UInt8.self)
    let third = bytes.unsafeLoad(fromByteOffset: 2, as: UInt8.self)
    return second == 0xBC && [0x9D, 0x8B, 0x8D, 0xA0].contains(third)
  }

  /// Whether the bytes are UTF-8 without NUL.
  private static func isText(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { bytes in
      !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
    }
  }

  private static func needsQuotes(_ bytes: RawSpan) -> Bool {
    for index in 0..<bytes.byteCount {
      let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D { return true }
    }
    return false
  }

  /// Whether the cell is the bytes themselves: ASCII without control characters, quotation marks and commas, and no
  /// formula.
  @inline(__always)
  static func isPlain(_ bytes: RawSpan) -> Bool {
    if isFormula(bytes) { return false }
    for index in 0..<bytes.byteCount {
      let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") { return false }
    }
    return true
  }
}
