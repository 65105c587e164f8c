import RDBFormat

/// The rules for splitting key names into prefixes.
public struct PrefixOptions: Hashable, Sendable, Codable {
  package var separators: [BinaryText]
  package var depth: Int
  package var foldsDigits: Bool
  package var foldsUUIDs: Bool
  /// The names of groups of keys that a ``NameTemplate`` recognizes. A key in such a group has no prefix.
  package var templates: [String] = []
  /// The largest number of prefixes that a report keeps; see ``PrefixTree``.
  package var nodeLimit = 20_000

  /// Creates rules. By default, parts end with a colon, and prefixes have at most three.
  ///
  /// - Parameters:
  ///   - separators: The separators of the parts of a name. Empty ones are ignored.
  ///   - depth: The largest number of parts of a prefix, 1–16.
  ///   - foldsDigits: Whether sequences of digits count as the same: `user:<n>:`.
  ///   - foldsUUIDs: Whether UUIDs, with or without hyphens, count as the same: `session:<uuid>:`.
  public init(
    separators: [BinaryText] = [BinaryText(Array(":".utf8))], depth: Int = 3, foldsDigits: Bool = false,
    foldsUUIDs: Bool = false
  ) {
    (self.separators, self.depth) = (separators, depth)
    (self.foldsDigits, self.foldsUUIDs) = (foldsDigits, foldsUUIDs)
  }

  enum CodingKeys: String, CodingKey {
    case separators, depth, templates
    case foldsDigits = "fold_digits"
    case foldsUUIDs = "fold_uuid"
    case nodeLimit = "max_nodes"
  }

  var maximumDepth: Int { min(max(depth, 1), 16) }
}

/// Recognizes the names of keys that belong to a group, such as by regular expressions. There is one per worker.
package protocol NameTemplate: AnyObject {
  /// Returns the index of the first template that a name matches, or `nil`.
  func match(_ name: RawSpan) throws(RDBError) -> Int?
}
