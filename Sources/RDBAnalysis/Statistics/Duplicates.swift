/// What stands twice in a snapshot where a server allows it once.
public struct Duplicates: Hashable, Sendable, Codable {
  /// All of them; each repetition counts.
  public var count: UInt64
  /// The first repetitions in file order, up to ten.
  public var first: [Duplicate]

  public init(count: UInt64, first: [Duplicate]) { (self.count, self.first) = (count, first) }

  public struct Duplicate: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable {
      /// A key of a database.
      case key
      /// A member of a set or sorted set, or a field of a hash.
      case member
    }
    public var kind: Kind
    public var database: UInt64
    public var key: BinaryText
    /// The record of the key, or of the repetition of the key.
    public var offset: Int
    public var member: BinaryText?
    /// Which element of the key the repetition is, counted from 1.
    public var index: UInt64?
    /// What it repeats: the record of the key that came first, or the element.
    public var firstOffset: Int?
    public var firstIndex: UInt64?

    enum CodingKeys: String, CodingKey {
      case kind
      case database = "db"
      case key, offset, member, index
      case firstOffset = "first_offset"
      case firstIndex = "first_index"
    }
  }
}
