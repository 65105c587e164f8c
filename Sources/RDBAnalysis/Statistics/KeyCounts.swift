/// How many keys there are of something, and what they take in the file.
public struct KeyCounts: Hashable, Sendable, Codable {
  public var keys: UInt64
  /// Bytes of their values as stored, without type bytes and names.
  public var storedByteCount: UInt64

  public init(keys: UInt64 = 0, storedByteCount: UInt64 = 0) {
    (self.keys, self.storedByteCount) = (keys, storedByteCount)
  }

  enum CodingKeys: String, CodingKey {
    case keys
    case storedByteCount = "stored_bytes"
  }

  public mutating func merge(_ other: Self) {
    keys += other.keys
    storedByteCount += other.storedByteCount
  }
}

/// Keys of one type in one encoding.
public struct EncodingCount: CountedEntry {
  public static var limit: Int { 256 }
  /// `string`, `list`, `set`, `zset`, `hash`, `stream`, `array` or `module`.
  public var type: String
  /// What OBJECT ENCODING says of them on the server that wrote the file.
  public var encoding: String
  public var keys: UInt64
  public var storedByteCount: UInt64

  enum CodingKeys: String, CodingKey {
    case type, encoding, keys
    case storedByteCount = "stored_bytes"
  }

  public func precedes(_ other: Self) -> Bool {
    (type, encoding) < (other.type, other.encoding)
  }

  public mutating func merge(_ other: Self) {
    keys += other.keys
    storedByteCount += other.storedByteCount
  }
}

/// One database: its keys, and what its RESIZEDB hint announced.
public struct DatabaseInfo: CountedEntry {
  public static var limit: Int { 10_000 }
  public var database: UInt64
  public var keys: UInt64 = 0
  /// Keys that have an expiry.
  public var expiring: UInt64 = 0
  /// Keys whose expiry had passed at the reference time.
  public var expired: UInt64 = 0
  /// Hashes with at least one field that has an expiry, and all such fields.
  public var hashesWithFieldExpiries: UInt64 = 0
  public var fieldsExpiring: UInt64 = 0
  public var storedByteCount: UInt64 = 0
  /// RESIZEDB's numbers; hints, which may be wrong. `nil`: there is no such record.
  public var hintedKeys: UInt64?
  public var hintedExpiring: UInt64?
  /// Keys by type.
  public var types: [String: UInt64] = [:]
  /// Keys by encoding; empty for servers before 2.2, which had no such notion.
  public var encodings = SmallestEntries<EncodingCount>()

  public init(database: UInt64) { self.database = database }

  enum CodingKeys: String, CodingKey {
    case database = "db"
    case keys, expiring, expired
    case hashesWithFieldExpiries = "hashes_with_field_expiries"
    case fieldsExpiring = "fields_expiring"
    case storedByteCount = "stored_bytes"
    case hintedKeys = "hinted_keys"
    case hintedExpiring = "hinted_expiring"
    case types, encodings
  }

  /// Whether a hint is there and wrong.
  public var isHintWrong: Bool {
    hintedKeys.map { $0 != keys } ?? false || hintedExpiring.map { $0 != expiring } ?? false
  }

  public func precedes(_ other: Self) -> Bool { database < other.database }

  public mutating func merge(_ other: Self) {
    keys += other.keys
    expiring += other.expiring
    expired += other.expired
    hashesWithFieldExpiries += other.hashesWithFieldExpiries
    fieldsExpiring += other.fieldsExpiring
    storedByteCount += other.storedByteCount
    hintedKeys = sum(hintedKeys, other.hintedKeys)
    hintedExpiring = sum(hintedExpiring, other.hintedExpiring)
    types.merge(other.types, uniquingKeysWith: +)
    encodings.merge(other.encodings)
  }
}

/// The sum of what is there. Numbers from a file may be anything: it stops at the largest.
func sum(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
  guard let a, let b else { return a ?? b }
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}
