/// An error in the bytes of the RESP protocol: they are malformed or exceed a limit.
public struct RESPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of an error.
  ///
  /// ``description`` is its name: `truncated`, `unknownType`, `inlineCommand`, `badLength`, `badLineEnd`, `bulkTooLong`,
  /// `lineTooLong`, `tooManyElements`. More names may follow.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name of the kind: `truncated`, `badLength` …
    public let description: String
    init(_ name: String) { description = name }

    /// The input ends inside a value.
    package static let truncated = Code("truncated")
    /// The first byte of a value is not that of a RESP type, or not that of the required type.
    package static let unknownType = Code("unknownType")
    /// A command is not an array of bulk strings. Inline commands such as `SET k v` are not.
    package static let inlineCommand = Code("inlineCommand")
    /// A line of text has quotation marks that are not balanced.
    package static let unbalancedQuotes = Code("unbalancedQuotes")
    /// A line of text has bytes that no text has.
    package static let badText = Code("badText")
    /// A length is not a number in digits: it is empty, negative, or has a sign or spaces.
    package static let badLength = Code("badLength")
    /// The text of an integer, double, Boolean or null is malformed.
    package static let badNumber = Code("badNumber")
    /// A line or a bulk string does not end with `\r\n`.
    package static let badLineEnd = Code("badLineEnd")
    /// A streamed string or aggregate (`$?`, `*?`).
    package static let streamed = Code("streamed")
    /// Arrays, sets or maps are nested deeper than the limit.
    package static let tooDeep = Code("tooDeep")
    /// A bulk string is longer than the limit.
    package static let bulkTooLong = Code("bulkTooLong")
    /// A line is longer than the limit.
    package static let lineTooLong = Code("lineTooLong")
    /// A reply with its nested values is larger than the limit.
    package static let replyTooLarge = Code("replyTooLarge")
    /// A value has more elements, or a command more arguments, than the limit.
    package static let tooManyElements = Code("tooManyElements")
  }

  /// The kind of the error.
  public var code: Code
  /// The offset of the error, in bytes from the first byte that was fed.
  public var offset: UInt64
  /// A noun phrase for the expected bytes.
  package var expected: String
  /// A noun phrase for the bytes found instead.
  package var found: String

  init(_ code: Code, at offset: UInt64, expected: String, found: String) {
    (self.code, self.offset, self.expected, self.found) = (code, offset, expected, found)
  }

  // One line: code, offset, expected and found.
  public var description: String {
    "\(code) at offset \(offset): expected \(expected), found \(found)"
  }
}
