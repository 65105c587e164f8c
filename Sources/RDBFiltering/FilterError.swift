/// An error in the text of a condition: a regular expression, a time or a range.
public struct FilterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A noun phrase for a text that would be valid.
  package let expected: String
  /// A noun phrase for the text found instead, with its offset.
  package let found: String

  package init(expected: String, found: String) { (self.expected, self.found) = (expected, found) }

  // Both phrases, in one line.
  public var description: String { "expected \(expected), found \(found)" }
}
