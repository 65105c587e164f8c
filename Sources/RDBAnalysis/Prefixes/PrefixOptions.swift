public import RDBFormat

/// How key names are cut into prefixes.
public struct PrefixOptions: Hashable, Sendable, Codable {
  /// What ends a part of a name; each one byte or more.
  public var separators: [BinaryText] = [BinaryText(Array(":".utf8))]
  /// How many parts are told apart, 1–16.
  public var depth = 3
  /// Runs of digits count as the same: `user:<n>:`.
  public var foldsDigits = false
  /// UUIDs, and runs of 32 hexadecimal digits, count as the same: `session:<uuid>:`.
  public var foldsUUIDs = false
  /// Names of groups of keys that a ``NameTemplate`` recognises; they come before prefixes.
  public var templates: [String] = []
  /// The most prefixes that are kept; see ``PrefixTree``.
  public var nodeLimit = 20_000
  public init() {}

  enum CodingKeys: String, CodingKey {
    case separators, depth, templates
    case foldsDigits = "fold_digits"
    case foldsUUIDs = "fold_uuid"
    case nodeLimit = "max_nodes"
  }

  var maximumDepth: Int { min(max(depth, 1), 16) }
}

/// Recognises names of keys that belong to a group of their own. One a worker.
public protocol NameTemplate: AnyObject {
  /// - Returns: The number of the first template that the name fits; `nil`: none.
  func match(_ name: RawSpan) throws(RDBError) -> Int?
}
