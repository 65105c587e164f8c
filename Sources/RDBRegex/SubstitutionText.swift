import RDBFiltering
import RDBFormat
import RDBSupport

/// The parts of the text of a ``NameSubstitution``.
struct SubstitutionText {
  private(set) var expression = ""
  private(set) var replacement: [NameSubstitution.Piece] = []
  private(set) var replacesAll = false
  private(set) var ignoresCase = false

  private let text: [UInt8]
  private var index = 0

  /// - Throws: `FilterError`, with the byte at which the text is wrong.
  init(_ text: String) throws(FilterError) {
    self.text = Array(text.utf8)
    guard self.text.first == UInt8(ascii: "s"), self.text.count > 1, Self.isMark(self.text[1]),
      self.text[1] != backslash
    else { throw wrong("s/expression/replacement/ with any punctuation mark but \\ for /", at: 0) }
    let delimiter = self.text[1]
    index = 2
    try readExpression(delimiter)
    try readReplacement(delimiter)
    try readFlags()
  }

  private var backslash: UInt8 { UInt8(ascii: "\\") }

  /// Reads up to the delimiter. A delimiter after `\` stays as it is: PCRE2 reads any mark after `\` as itself.
  private mutating func readExpression(_ delimiter: UInt8) throws(FilterError) {
    let start = index
    while index < text.count, text[index] != delimiter { index += text[index] == backslash ? 2 : 1 }
    guard index < text.count else { throw unterminated(delimiter) }
    expression = String(decoding: text[start..<index], as: UTF8.self)
    index += 1
  }

  private mutating func readReplacement(_ delimiter: UInt8) throws(FilterError) {
    var bytes: [UInt8] = []
    while index < text.count, text[index] != delimiter {
      let byte = text[index]
      index += 1
      var group: Int?
      if byte == backslash {
        group = try readEscape(&bytes, delimiter)
      } else if byte == UInt8(ascii: "&") {
        group = 0
      } else {
        bytes.append(byte)
      }
      guard let group else { continue }
      if !bytes.isEmpty { replacement.append(.bytes(bytes)) }
      bytes = []
      replacement.append(.group(group))
    }
    if !bytes.isEmpty { replacement.append(.bytes(bytes)) }
    guard index < text.count else { throw unterminated(delimiter) }
    index += 1
  }

  /// Reads the bytes after a `\`.
  ///
  /// - Returns: The number of the group that they stand for; `nil` if they stand for a byte, which is appended to `bytes`.
  private mutating func readEscape(_ bytes: inout [UInt8], _ delimiter: UInt8) throws(FilterError) -> Int? {
    guard index < text.count else { throw unterminated(delimiter) }
    let byte = text[index]
    index += 1
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "n"): bytes.append(10)
    case UInt8(ascii: "r"): bytes.append(13)
    case UInt8(ascii: "t"): bytes.append(9)
    case UInt8(ascii: "x"):
      let digits = String(decoding: text[index..<min(index + 2, text.count)], as: UTF8.self)
      guard digits.utf8.count == 2, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
        let value = UInt8(digits, radix: 16)
      else { throw wrong("two hexadecimal digits after \\x", at: index) }
      bytes.append(value)
      index += 2
    case _ where Self.isMark(byte): bytes.append(byte)
    default:
      throw wrong("a digit, n, r, t, x and two hexadecimal digits, or a punctuation mark after \\", at: index - 1)
    }
    return nil
  }

  private mutating func readFlags() throws(FilterError) {
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "g"): replacesAll = true
      case UInt8(ascii: "i"), UInt8(ascii: "I"): ignoresCase = true
      default: throw wrong("the flags g and i", at: index)
      }
      index += 1
    }
  }

  /// Whether a byte is an ASCII punctuation mark.
  private static func isMark(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }

  private func unterminated(_ delimiter: UInt8) -> FilterError {
    let mark = String(UnicodeScalar(delimiter))
    return wrong("three \(mark), the last one after the replacement", at: text.count)
  }

  private func wrong(_ expected: String, at index: Int) -> FilterError {
    FilterError(expected: expected, found: "\(printable(text)), at byte \(index)")
  }
}
