/// JSON, CSV and commands as a terminal may see them: without the characters that would steer it or turn its lines around.
///
/// Names and values may hold anything. Programs that read them get every character as it is; a terminal gets
/// escapes instead of control characters and of what only changes how its neighbours look (see
/// ``isVisible(_:)``). In JSON an escape means the same character, so that nothing changes for who copies the
/// text; in all else it is redis-cli's.
struct TerminalText {
  enum Form: Sendable {
    /// `\u009b`. Such characters stand in JSON only inside of strings.
    case json
    /// `\xc2\x9b`; bytes that are no UTF-8 likewise.
    case lines
  }

  private let form: Form
  /// The beginning of a character whose other bytes are still to come, or a carriage return; at most three bytes.
  private var rest: [UInt8] = []

  init(_ form: Form) { self.form = form }

  /// What to write for `bytes`; the last few may come with the next.
  mutating func escape(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let source = rest + bytes
    rest = []
    var text: [UInt8] = []
    text.reserveCapacity(source.count)
    var position = 0
    while position < source.count {
      let length = Self.characterByteCount(source[position])
      let character = source[position..<min(position + length, source.count)]
      // A carriage return ends a line only with a newline behind it.
      let needed = character.first == 0x0D ? 2 : length
      if source.count - position < needed, character.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) {
        rest = Array(source[position...])
        break
      }
      position += append(character, isLineEnd: source.dropFirst(position + 1).first == 0x0A, to: &text)
    }
    return text
  }

  /// What to write when no more comes.
  mutating func end() -> [UInt8] {
    var text: [UInt8] = []
    while !rest.isEmpty { rest.removeFirst(append(rest[...], isLineEnd: false, to: &text)) }
    return text
  }

  /// Appends the first character of `bytes`, or the first byte if they are none.
  ///
  /// - Returns: Bytes read.
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
      // White space between values, where it means nothing.
      text.append(0x20)
    } else {
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        text += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
      }
    }
    return bytes.count
  }

  /// Bytes of a character that begins with `first`, as far as that byte says.
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
  /// How it is shown on a terminal; `nil`: text, which is written for terminals.
  var onTerminal: TerminalText.Form? {
    switch self {
    case .csv: .lines
    case .json: .json
    case .text: nil
    }
  }
}
