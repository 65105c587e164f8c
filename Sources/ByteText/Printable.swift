/// `bytes` between double quotes, escaped as `redis-cli` does, cut after 128 bytes: safe for a terminal.
///
/// Printable ASCII stands for itself, `\n \r \t \a \b \\ \"` have their letters, all else is `\xhh`.
/// Source: `sdscatrepr` in Redis `src/sds.c`.
public func printable(_ bytes: some Sequence<UInt8>, limit: Int = 128) -> String {
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

/// `0x1A`: a byte as messages show it.
public func hex(_ byte: UInt8) -> String {
  var text = "0x"
  for digit in [byte >> 4, byte & 15] {
    text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 48 + digit : 55 + digit))
  }
  return text
}
