import RDBSupport

/// Bytes of a snapshot as text for a terminal, with the number of columns that the text takes.
///
/// Visible characters of UTF-8 stay as they are: letters, digits, Hangul, emoji, Hebrew. Others are escaped as in
/// redis-cli: bytes that are not UTF-8, control characters, and characters that only change how their neighbours look
/// (joiners, variation selectors, skin tones, marks of direction), about whose width terminals disagree. Text that runs
/// from right to left is put between isolates, so that it cannot reverse the rest of the line.
struct DisplayText {
  private(set) var text = ""
  private(set) var width = 0

  /// - Parameter limit: The most columns; longer text is cut and ends with `…`.
  init(_ bytes: some Collection<UInt8>, limit: Int = .max) {
    guard let string = String(validating: Array(bytes), as: UTF8.self) else {
      for byte in bytes { append("", Self.escape(byte), limit) }
      finish(limit)
      return
    }
    var isReversed = false
    for scalar in string.unicodeScalars {
      guard let columns = Self.columns(of: scalar) else {
        for byte in String(scalar).utf8 { append("", Self.escape(byte), limit) }
        continue
      }
      isReversed = isReversed || Self.runsFromRight(scalar)
      append(String(scalar), columns, limit)
    }
    finish(limit)
    if isReversed { text = "\u{2068}" + text + "\u{2069}" }
  }

  /// Whether bytes are ASCII characters that stay as they are, in one column each.
  static func isPlain(_ bytes: RawSpan) -> Bool {
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(at: index)
      guard byte &- 0x20 < 0x5F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return false }
    }
    return true
  }

  /// The longest name that ``name(_:)`` shows whole, in bytes.
  static let nameByteCount = 1024

  /// Returns the name of a key for a table that is not limited to the width of a terminal.
  ///
  /// A longer name than ``nameByteCount`` is cut after a whole character, and `…` and its size follow.
  static func name(_ name: RawSpan) -> String {
    guard name.byteCount > nameByteCount else {
      let bytes = name.withUnsafeBytes { Array($0) }
      return isPlain(name) ? String(decoding: bytes, as: UTF8.self) : DisplayText(bytes).text
    }
    var end = nameByteCount
    // A character of UTF-8 has at most three bytes after its first.
    while end > nameByteCount - 3, name.unsafeLoad(fromByteOffset: end, as: UInt8.self) & 0xC0 == 0x80 { end -= 1 }
    let start = name.extracting(first: end).withUnsafeBytes { Array($0) }
    return "\(DisplayText(start).text)… (\(name.byteCount) bytes)"
  }

  // The characters so far with their columns. The last ones are removed if the text does not fit.
  private var parts: [(text: String, columns: Int)] = []

  private mutating func append(_ text: String, _ columns: Int, _ limit: Int) {
    guard width <= limit else { return }
    parts.append((text, columns))
    width += columns
  }

  private mutating func append(_ none: String, _ escape: String, _ limit: Int) {
    append(none + escape, escape.count, limit)
  }

  private mutating func finish(_ limit: Int) {
    if width > limit {
      while let last = parts.last, width > max(limit - 1, 0) {
        parts.removeLast()
        width -= last.columns
      }
      if limit > 0 {
        parts.append(("…", 1))
        width += 1
      }
    }
    text = parts.map(\.text).joined()
  }

  private static func escape(_ byte: UInt8) -> String {
    String(printable([byte]).dropFirst().dropLast())
  }

  /// The number of columns of a character; `nil` if it must be escaped.
  private static func columns(of scalar: Unicode.Scalar) -> Int? {
    if scalar.value < 0x7F {
      return scalar.value < 0x20 || scalar == "\"" || scalar == "\\" ? nil : 1
    }
    let properties = scalar.properties
    if properties.isVariationSelector || properties.isEmojiModifier { return nil }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
      return nil
    case .nonspacingMark, .enclosingMark: return 0
    // Vowels and final consonants of Hangul combine with the consonant before them.
    default: return (0x1160...0x11FF).contains(scalar.value) ? 0 : isWide(scalar) ? 2 : 1
    }
  }

  private static func runsFromRight(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF: true
    default: false
    }
  }

  /// Whether the character has East Asian Width W or F (Unicode Standard Annex 11), or is shown as an emoji.
  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
      0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
      true
    // The letters of flags take one column each: two of them make a flag.
    case 0x1F1E6...0x1F1FF: false
    default: scalar.properties.isEmojiPresentation
    }
  }
}
