import RDBSupport

/// A file name as a terminal may see it: as it is, or escaped if it holds anything but visible text.
func shown(_ name: String) -> String {
  let isPlain = name.unicodeScalars.allSatisfy { isVisible($0) && $0 != "\u{FFFD}" }
  return isPlain && !name.isEmpty ? name : printable(name.utf8, limit: 4096)
}

/// Lines of a message that may quote anything, as a terminal may see them: only what is not visible is escaped, as
/// redis-cli does it.
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

/// Bytes as redis-cli shows them, without its quotation marks.
func escaped(_ bytes: some Sequence<UInt8>) -> [UInt8] {
  Array(printable(bytes, limit: .max).dropFirst().dropLast().utf8)
}

/// Whether a character has a shape: no control character, and nothing that only changes how others look.
func isVisible(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
  default: true
  }
}
