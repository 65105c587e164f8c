import RDBSupport

/// Returns a file name that is safe on a terminal: unchanged if all of its characters are visible, else escaped.
func shown(_ name: String) -> String {
  let isPlain = name.unicodeScalars.allSatisfy { isVisible($0) && $0 != "\u{FFFD}" }
  return isPlain && !name.isEmpty ? name : printable(name.utf8, limit: 4096)
}

/// Returns lines that are safe on a terminal: characters that are not visible are escaped as in redis-cli.
func visible(_ text: String) -> String {
  var visible = ""
  for scalar in text.unicodeScalars {
    if scalar == "\n" || isVisible(scalar) {
      visible.unicodeScalars.append(scalar)
    } else {
      visible += String(decoding: escaped(String(scalar).utf8), as: UTF8.self)
    }
  }
  return visible
}

/// Returns bytes as redis-cli shows them, without the quotation marks.
func escaped(_ bytes: some Sequence<UInt8>) -> [UInt8] {
  Array(printable(bytes, limit: .max).dropFirst().dropLast().utf8)
}

/// Whether a character is visible: neither a control character, nor one that only changes how others look.
func isVisible(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
  default: true
  }
}
