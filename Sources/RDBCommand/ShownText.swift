import ByteText

/// A file name as a terminal may see it: as it is, or escaped if it holds anything but visible text.
func shown(_ name: String) -> String {
  let isPlain = name.unicodeScalars.allSatisfy { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    default: scalar != "\u{FFFD}"
    }
  }
  return isPlain && !name.isEmpty ? name : printable(name.utf8, limit: 4096)
}
