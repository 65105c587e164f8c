/// Why bytes are no RESP, or none that may be read here.
public struct RESPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, to switch on. A struct of constants, so that a new one breaks nobody.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The constant's own name.
    public let description: String
    init(_ name: String) { description = name }

    /// The input ends inside a value.
    public static let truncated = Code("truncated")
    /// A first byte that no type has.
    public static let unknownType = Code("unknownType")
    /// A command that is not an array of bulk strings.
    public static let inlineCommand = Code("inlineCommand")
    /// A length that is no number, negative, or has a sign or blanks.
    public static let badLength = Code("badLength")
    /// An integer, double, boolean or null that is none.
    public static let badNumber = Code("badNumber")
    /// A line or bulk string that does not end with `\r\n`.
    public static let badLineEnd = Code("badLineEnd")
    /// Streamed strings and aggregates (`$?`, `*?`).
    public static let streamed = Code("streamed")
    /// Arrays within arrays beyond the limit.
    public static let tooDeep = Code("tooDeep")
    /// A bulk string longer than the limit.
    public static let bulkTooLong = Code("bulkTooLong")
    /// A line longer than the limit.
    public static let lineTooLong = Code("lineTooLong")
    /// More elements in one value than the limit.
    public static let tooManyElements = Code("tooManyElements")
  }

  public var code: Code
  /// Bytes from the first byte ever fed.
  public var offset: UInt64
  /// A noun phrase, and another.
  public var expected: String
  public var found: String

  init(_ code: Code, at offset: UInt64, expected: String, found: String) {
    (self.code, self.offset, self.expected, self.found) = (code, offset, expected, found)
  }

  public var description: String {
    "\(code) at offset \(offset): expected \(expected), found \(found)"
  }
}

/// What a decoder lets a sender make it hold.
public struct RESPLimits: Hashable, Sendable {
  /// Arrays within arrays.
  public var depth = 32
  /// Bytes of one bulk string.
  public var bulkByteCount = 512 << 20
  /// Bytes of one line: a simple string, an error, a number.
  public var lineByteCount = 64 << 10
  /// Elements of one value, those of its elements included; arguments of a command.
  public var elementCount = 64 << 20
  public init() {}
}
