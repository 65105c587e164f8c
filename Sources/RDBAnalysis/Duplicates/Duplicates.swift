/// Keys and members that occur twice where a server allows them once.
package struct Duplicates: Hashable, Sendable, Codable {
  /// The number of repetitions.
  package var count: UInt64
  /// The first ten repetitions in file order.
  package var first: [Duplicate]

  package init(count: UInt64, first: [Duplicate]) { (self.count, self.first) = (count, first) }

  package struct Duplicate: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
      /// A key of a database.
      case key
      /// A member of a set or sorted set, or a field of a hash.
      case member
    }
    package var kind: Kind
    package var database: UInt64
    package var key: BinaryText
    /// The offset of the record of the key, or of its repetition, in bytes.
    package var offset: Int
    package var member: BinaryText?
    /// The number of the repeated element in its key, counted from 1.
    package var index: UInt64?
    /// The offset of the first record of the key, in bytes.
    package var firstOffset: Int?
    package var firstIndex: UInt64?

    enum CodingKeys: String, CodingKey {
      case kind
      case database = "db"
      case key, offset, member, index
      case firstOffset = "first_offset"
      case firstIndex = "first_index"
    }
  }
}
