/// An escaper that makes JSON, CSV and commands safe for a terminal.
///
/// Names and values may hold any bytes. Files and pipes get them unchanged. A terminal gets escapes for control
/// characters, and for characters that only change how their neighbours look (see ``isVisible(_:)``). In JSON an escape
/// stands for the same character, so that copied text keeps its meaning; elsewhere escapes are those of redis-cli.
struct TerminalText {
  enum Form: Sendable {
    /// Escapes of JSON: `\u009b`. In JSON, such characters occur only inside of strings.
    case json
    /// Escapes of redis-cli: `\xc2\x9b`, also for bytes that are not UTF-8.
    case lines
  }

  private let form: Form
  /// The beginning of a character whose other bytes have not come yet, or a carriage return; at most three bytes.
  private var rest: [UInt8] = []

  init(_ form: Form) { self.form = form }

  /// Returns the text for `bytes`, except for an incomplete character at their end, which the next call returns.
  mutating func escape(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let source = rest + bytes
    rest = []
    var text: [UInt8] = []
    text.reserveCapacity(source.count)
    var position = 0
    while position < source.count {
      let length = Self.characterByteCount(source[position])
      let character = source[position..<min(position + length, source.count)]
      // A carriage return ends a line only if a newline follows.
      let needed = character.first == 0x0D ? 2 : length
      if source.count - position < needed, character.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) {
        rest = Array(source[position...])
        break
      }
      position += append(character, isLineEnd: source.dropFirst(position + 1).first == 0x0A, to: &text)
    }
    return text
  }

  /// Returns the text for an incomplete character at the end of the output.
  mutating func end() -> [UInt8] {
    var text: [UInt8] = []
    while !rest.isEmpty { rest.removeFirst(append(rest[...], isLineEnd: false, to: &text)) }
    return text
  }

  /// Appends the first character of `bytes`, or the first byte if it begins no character.
  ///
  /// - Returns: The number of bytes read.
  private func append(_ bytes: ArraySlice<UInt8>, isLineEnd: Bool, to text: inout [UInt8]) -> Int {
    guard let first = bytes.first else { return 0 }
    if (0x20...0x7E).contains(first) || first == 0x0A || first == 0x09 || first == 0x0D && isLineEnd {
      text.append(first)
      return 1
    }
    let scalars = String(validating: bytes, as: UTF8.self)?.unicodeScalars
    guard let scalar = scalars?.first, scalars?.count == 1 else {
      text += form == .json ? Array(#"\ufffd"#.utf8) : escaped([first])
      return 1
    }
    if isVisible(scalar) {
      text += bytes
    } else if form == .lines {
      text += escaped(bytes)
    } else if first == 0x0D {
      // White space between values of JSON.
      text.append(0x20)
    } else {
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        text += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
      }
    }
    return bytes.count
  }

  /// The number of bytes of a character that begins with `first`.
  private static func characterByteCount(_ first: UInt8) -> Int {
    switch first {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }
}

extension RowForm {
  /// The form in which a terminal gets escapes; `nil` for text, which is safe already.
  var onTerminal: TerminalText.Form? {
    switch self {
    case .csv: .lines
    case .json: .json
    case .text: nil
    }
  }
}
