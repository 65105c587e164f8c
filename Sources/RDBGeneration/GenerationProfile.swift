/// A profile of a synthetic snapshot: the kinds of keys that it has, and their shares. ``all`` is the table of profiles.
package struct GenerationProfile: Sendable {
  package enum Name: String, CaseIterable, Sendable {
    case strings, mixed, sessions, collections, big, huge
  }

  /// The size of a snapshot.
  package enum Extent: Hashable, Sendable {
    case keys(UInt64)
    /// An approximate size of the file, in bytes.
    case bytes(UInt64)
  }

  /// The way to choose the row of a key.
  package enum Order: Sendable {
    /// At random, in proportion to the shares.
    case drawn
    /// In turn: as many keys of each row as its share, then again from the first row.
    case inTurn
  }

  /// The stored form of a value.
  package enum Shape: String, Sendable {
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

  /// The content of values.
  package enum Content: String, Sendable {
    /// Lowercase letters, evenly distributed, which LZF hardly compresses.
    case letters
    /// A JSON object with an array of similar objects, which LZF compresses to about 40 %.
    case json
    /// Evenly distributed bytes.
    case bytes
    /// Serialized Java objects.
    case java
    case none = "–"
  }

  /// A kind of key: a row of the table of profiles.
  package struct Row: Sendable {
    /// The share of the keys, relative to the sum of all shares of the profile.
    package var share: Int
    package var shape: Shape
    /// The prefix of the names. 16 hexadecimal digits follow.
    package var namePrefix: StaticString
    /// The number of elements of a value.
    package var elements: ClosedRange<Int>
    /// The size of a string, element or field value, in bytes.
    package var valueBytes: ClosedRange<Int>
    package var content: Content
    /// The percentage of keys with an expiry.
    package var expiring: Int
  }

  package var name: Name
  package var order: Order
  package var extent: Extent
  package var rows: [Row]

  /// The table of profiles.
  package static let all: [GenerationProfile] = [
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

  /// Returns the profile of a name.
  package static func named(_ name: Name) -> GenerationProfile {
    guard let profile = all.first(where: { $0.name == name }) else { preconditionFailure("no profile \(name)") }
    return profile
  }
}
