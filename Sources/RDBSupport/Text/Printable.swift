/// Returns `bytes` in double quotes, with the escapes of `redis-cli`. The text is safe for a terminal.
///
/// Printable ASCII is unchanged, `\n \r \t \a \b \\ \"` have their escapes, and other bytes are `\xhh`.
///
/// - Parameter limit: The number of bytes to show. An ellipsis replaces further bytes.
///
/// Source: `sdscatrepr` in Redis `src/sds.c`.
package func printable(_ bytes: some Sequence<UInt8>, limit: Int = 128) -> String {
  var text = "\""
  var count = 0
  for byte in bytes {
    if count == limit {
      text += "…"
      break
    }
    count += 1
    switch byte {
    case UInt8(ascii: "\\"): text += "\\\\"
    case UInt8(ascii: "\""): text += "\\\""
    case UInt8(ascii: "\n"): text += "\\n"
    case UInt8(ascii: "\r"): text += "\\r"
    case UInt8(ascii: "\t"): text += "\\t"
    case 0x07: text += "\\a"
    case 0x08: text += "\\b"
    case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
    default: text += "\\x" + hex(byte).dropFirst(2).lowercased()
    }
  }
  return text + "\""
}

/// Returns a byte as messages show it: `0x1A`.
@usableFromInline
package func hex(_ byte: UInt8) -> String {
  var text = "0x"
  for digit in [byte >> 4, byte & 15] {
    text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 48 + digit : 55 + digit))
  }
  return text
}

/// Returns the bytes whose ``printable(_:limit:)`` text between the quotation marks is `text`.
///
/// - Returns: `nil` if a backslash begins none of the escapes `\n \r \t \a \b \\ \" \xhh`.
package func unescaped(_ text: some Sequence<UInt8>) -> [UInt8]? {
  var bytes: [UInt8] = []
  var rest = text.makeIterator()
  func digit() -> UInt8? {
    rest.next().flatMap { Character(Unicode.Scalar($0)).hexDigitValue }.map { UInt8($0) }
  }
  while let byte = rest.next() {
    guard byte == UInt8(ascii: "\\") else {
      bytes.append(byte)
      continue
    }
    switch rest.next() {
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "a"): bytes.append(0x07)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
    case UInt8(ascii: "x"):
      guard let high = digit(), let low = digit() else { return nil }
      bytes.append(high << 4 | low)
    default: return nil
    }
  }
  return bytes
}
