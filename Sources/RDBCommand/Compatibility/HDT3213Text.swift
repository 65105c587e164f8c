import RDB
import RDBFormat
import RDBSupport

/// Strings, numbers and cells as the tool of HDT3213 writes them: as Go's packages for JSON and CSV do.
enum HDT3213Text {
  /// Appends a string of JSON. Bytes that are not UTF-8 become U+FFFD, as in Go.
  static func appendJSON(_ text: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    try output.append(UInt8(ascii: "\""))
    var index = 0
    while index < text.byteCount {
      guard let character = UTF8Character(text, at: index) else {
        try output.append("\\ufffd")
        index += 1
        continue
      }
      let start = index
      index += character.byteCount
      switch character.scalar {
      case "\"": try output.append("\\\"")
      case "\\": try output.append("\\\\")
      case "\n": try output.append("\\n")
      case "\r": try output.append("\\r")
      case "\t": try output.append("\\t")
      case "\u{8}": try output.append("\\b")
      case "\u{C}": try output.append("\\f")
      case "\u{2028}", "\u{2029}", "<", ">", "&", "\u{0}"..."\u{1F}":
        let digits = String(character.scalar.value, radix: 16)
        try output.append(text: "\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
      default: try output.append(text.extracting(start..<index))
      }
    }
    try output.append(UInt8(ascii: "\""))
  }

  /// A score as Go's JSON has it: without an exponent from 1e-6 up to 1e21; `nil` if JSON has no such number.
  static func score(_ value: Double) -> String? {
    guard value.isFinite else { return nil }
    if value == 0 { return value.sign == .minus ? "-0" : "0" }
    let python = RdbtoolsText.score(value)
    guard python.contains("e") else { return python.hasSuffix(".0") ? String(python.dropLast(2)) : python }
    let parts = python.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return python }
    if value.magnitude < 1e-6 || value.magnitude >= 1e21 {
      return "\(parts[0])e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
    }
    let sign = parts[0].hasPrefix("-") ? "-" : ""
    let digits = parts[0].filter(\.isNumber)
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
    if digits.count <= exponent + 1 {
      return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
    }
    return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
  }

  /// A size with a unit of 1024 and at most one digit after the point: `64B`, `2K`, `1.5M`.
  static func size(_ byteCount: UInt64) -> String {
    if byteCount == 0 { return "0" }
    let units = ["B", "K", "M", "G", "T", "P", "E"]
    let unit = (63 - byteCount.leadingZeroBitCount) / 10
    let tenths = Double(byteCount) / Double(UInt64(1) << UInt64(10 * unit)) * 10
    let rounded = UInt64(tenths.rounded(.toNearestOrEven))
    let text = "\(rounded / 10)" + (rounded % 10 == 0 ? "" : ".\(rounded % 10)")
    return text + units[unit]
  }

  /// Appends a cell of CSV, in quotation marks where Go's package puts them.
  static func appendCell(_ cell: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    var isQuoted =
      cell.byteCount == 2 && cell.byte(at: 0) == UInt8(ascii: "\\") && cell.byte(at: 1) == UInt8(ascii: ".")
    for index in 0..<cell.byteCount {
      switch cell.byte(at: index) {
      case UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13: isQuoted = true
      default: break
      }
    }
    if let first = cell.byteCount > 0 ? UTF8Character(cell, at: 0) : nil, first.scalar.properties.isWhitespace {
      isQuoted = true
    }
    guard isQuoted else { return try output.append(cell) }
    try output.append(UInt8(ascii: "\""))
    for index in 0..<cell.byteCount {
      let byte = cell.byte(at: index)
      if byte == UInt8(ascii: "\"") { try output.append(byte) }
      try output.append(byte)
    }
    try output.append(UInt8(ascii: "\""))
  }

  /// A time as Go's JSON writes it, in UTC: without zeros at the end of the fraction.
  static func time(_ milliseconds: Int64) -> String {
    guard let text = DateText.iso(milliseconds) else { return "\(milliseconds)" }
    var fraction = text.dropFirst(20).prefix(3)
    while fraction.last == "0" { fraction.removeLast() }
    return text.prefix(19) + (fraction.isEmpty ? "" : "." + fraction) + "Z"
  }
}
