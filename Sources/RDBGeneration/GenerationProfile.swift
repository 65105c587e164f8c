/// What a synthetic snapshot is made of. ``all`` is the one table of all profiles.
public struct GenerationProfile: Sendable {
  public enum Name: String, CaseIterable, Sendable {
    case strings, mixed, sessions, collections, big, huge
  }

  /// How much is written if the caller does not say.
  public enum Extent: Hashable, Sendable {
    case keys(UInt64)
    /// Bytes of the file, met approximately.
    case bytes(UInt64)
  }

  /// How a key's row is chosen.
  public enum Order: Sendable {
    /// By chance, in proportion to the shares.
    case drawn
    /// By turns: as many keys of each row as its share says, then again.
    case inTurn
  }

  /// How a value is stored.
  public enum Shape: String, Sendable {
    case string
    case hashListpack = "small hash"
    case zsetListpack = "small sorted set"
    case setListpack = "small set"
    case setIntset = "set of integers"
    case list
    case hashTable = "hash"
    case setTable = "set"
    case zsetSkiplist = "sorted set"
    case fieldExpiries = "hash with field expiries"
    case stream
    case sessionHash = "session"
    case sessionExpires = "session's expiry mark"
    case sessionExpirations = "sessions that expire in one minute"
  }

  /// What the bytes of values look like.
  public enum Content: String, Sendable {
    /// Small letters, evenly distributed; LZF finds next to nothing.
    case letters
    /// An object with an array of similar objects; LZF leaves about 40 %.
    case json
    /// Evenly distributed bytes.
    case bytes
    /// Objects as Java serialises them.
    case java
    case none = "–"
  }

  /// One kind of key.
  public struct Row: Sendable {
    /// Of how many: see the sum of the profile.
    public var share: Int
    public var shape: Shape
    /// Before the 16 hexadecimal digits that make each name different.
    public var namePrefix: StaticString
    /// Elements of a value: members, fields, entries.
    public var elements: ClosedRange<Int>
    /// Bytes of a string, element or field value; also of what fills a session up.
    public var valueBytes: ClosedRange<Int>
    public var content: Content
    /// Of 100 keys, how many expire.
    public var expiring: Int
  }

  public var name: Name
  public var order: Order
  public var extent: Extent
  public var rows: [Row]

  /// The table.
  public static let all: [GenerationProfile] = [
    GenerationProfile(
      name: .strings, order: .drawn, extent: .keys(5_000_000),
      rows: [
        Row(
          share: 1, shape: .string, namePrefix: "account:", elements: 1...1, valueBytes: 24...56, content: .letters,
          expiring: 20)
      ]),
    GenerationProfile(
      name: .collections, order: .drawn, extent: .keys(1_500_000),
      rows: [
        Row(
          share: 1, shape: .hashListpack, namePrefix: "profile:", elements: 8...8, valueBytes: 4...16,
          content: .letters, expiring: 0),
        Row(
          share: 1, shape: .zsetListpack, namePrefix: "ranking:", elements: 8...8, valueBytes: 8...16,
          content: .letters, expiring: 0),
      ]),
    GenerationProfile(
      name: .huge, order: .inTurn, extent: .keys(3),
      rows: [
        Row(
          share: 1, shape: .hashTable, namePrefix: "catalog:", elements: 5_000_000...5_000_000, valueBytes: 8...24,
          content: .letters, expiring: 0),
        Row(
          share: 1, shape: .zsetSkiplist, namePrefix: "leaders:", elements: 3_000_000...3_000_000, valueBytes: 16...16,
          content: .letters, expiring: 0),
        Row(
          share: 1, shape: .list, namePrefix: "backlog:", elements: 5_000_000...5_000_000, valueBytes: 8...24,
          content: .letters, expiring: 0),
      ]),
    GenerationProfile(
      name: .mixed, order: .drawn, extent: .bytes(1_000_000_000),
      rows: [
        Row(
          share: 300, shape: .string, namePrefix: "cache:page:", elements: 1...1, valueBytes: 200...4000,
          content: .json, expiring: 50),
        Row(
          share: 250, shape: .string, namePrefix: "token:", elements: 1...1, valueBytes: 16...64, content: .letters,
          expiring: 80),
        Row(
          share: 200, shape: .sessionHash, namePrefix: "spring:session:sessions:", elements: 5...5,
          valueBytes: 100...700, content: .java, expiring: 100),
        Row(
          share: 100, shape: .hashListpack, namePrefix: "user:", elements: 4...16, valueBytes: 4...32,
          content: .letters, expiring: 0),
        Row(
          share: 60, shape: .zsetListpack, namePrefix: "feed:", elements: 4...32, valueBytes: 8...24, content: .letters,
          expiring: 10),
        Row(
          share: 30, shape: .setListpack, namePrefix: "tags:", elements: 2...24, valueBytes: 6...20, content: .letters,
          expiring: 0),
        Row(
          share: 20, shape: .setIntset, namePrefix: "friends:", elements: 4...256, valueBytes: 4...8, content: .none,
          expiring: 0),
        Row(
          share: 20, shape: .list, namePrefix: "queue:", elements: 8...400, valueBytes: 16...120, content: .letters,
          expiring: 0),
        Row(
          share: 7, shape: .hashTable, namePrefix: "inventory:", elements: 200...1000, valueBytes: 16...96,
          content: .letters, expiring: 0),
        Row(
          share: 4, shape: .setTable, namePrefix: "visitors:", elements: 200...2000, valueBytes: 16...32,
          content: .letters, expiring: 10),
        Row(
          share: 4, shape: .zsetSkiplist, namePrefix: "scores:", elements: 200...2000, valueBytes: 16...32,
          content: .letters, expiring: 0),
        Row(
          share: 3, shape: .stream, namePrefix: "events:", elements: 50...600, valueBytes: 8...48, content: .letters,
          expiring: 0),
        Row(
          share: 2, shape: .fieldExpiries, namePrefix: "limits:", elements: 4...16, valueBytes: 4...16,
          content: .letters, expiring: 0),
      ]),
    GenerationProfile(
      name: .sessions, order: .inTurn, extent: .keys(1_025_000),
      rows: [
        Row(
          share: 20, shape: .sessionHash, namePrefix: "spring:session:sessions:", elements: 5...5,
          valueBytes: 100...700, content: .java, expiring: 100),
        Row(
          share: 20, shape: .sessionExpires, namePrefix: "spring:session:sessions:expires:", elements: 1...1,
          valueBytes: 0...0, content: .none, expiring: 100),
        Row(
          share: 1, shape: .sessionExpirations, namePrefix: "spring:session:expirations:", elements: 20...20,
          valueBytes: 47...47, content: .java, expiring: 100),
      ]),
    GenerationProfile(
      name: .big, order: .drawn, extent: .bytes(1_000_000_000),
      rows: [
        Row(
          share: 4, shape: .string, namePrefix: "archive:", elements: 1...1, valueBytes: 4_194_304...4_194_304,
          content: .bytes, expiring: 0),
        Row(
          share: 1, shape: .string, namePrefix: "document:", elements: 1...1, valueBytes: 4_194_304...4_194_304,
          content: .json, expiring: 0),
      ]),
  ]

  /// The profile of that name.
  public static func named(_ name: Name) -> GenerationProfile {
    all.first { $0.name == name }.unsafelyUnwrapped
  }
}
