public import RDB
public import RDBFormat

/// How key names are cut into prefixes.
public struct PrefixOptions: Hashable, Sendable, Codable {
  /// Bytes that end a part of a name.
  public var separators: [UInt8] = [UInt8(ascii: ":")]
  /// How many parts are told apart, 1–16.
  public var depth = 3
  /// Runs of digits count as the same: `user:<n>`.
  public var foldsDigits = false
  /// The most prefixes that are kept; see ``PrefixReport``.
  public var nodeLimit = 20_000
  public init() {}

  enum CodingKeys: String, CodingKey {
    case separators, depth
    case foldsDigits = "fold_digits"
    case nodeLimit = "max_nodes"
  }
}

/// A prefix, and what the keys that begin with it amount to.
public struct PrefixNode: Hashable, Sendable, Codable {
  /// With its last separator; the empty one is all keys. Folded digits are `<n>`.
  public var prefix: BinaryText
  /// How many parts it has.
  public var depth: Int
  /// Parts were cut: all prefixes that begin like this are together here.
  public var isCut: Bool
  public var totals: KeyTotals

  enum CodingKeys: String, CodingKey {
    case prefix, depth
    case isCut = "cut"
    case totals
  }
}
