/// A filter's text that cannot be understood: an expression, a time, a range.
public struct FilterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A noun phrase: what would have been understood.
  public let expected: String
  /// Another: what stood there instead, and where.
  public let found: String

  package init(expected: String, found: String) { (self.expected, self.found) = (expected, found) }

  public var description: String { "expected \(expected), found \(found)" }
}
