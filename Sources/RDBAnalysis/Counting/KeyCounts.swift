/// A number of keys, and the size of their values.
package struct KeyGroup: Hashable, Sendable, Codable {
  package var keys: UInt64
  /// The size of the values as stored, in bytes, without type bytes and names.
  package var storedByteCount: UInt64

  package init(keys: UInt64 = 0, storedByteCount: UInt64 = 0) {
    (self.keys, self.storedByteCount) = (keys, storedByteCount)
  }

  enum CodingKeys: String, CodingKey {
    case keys
    case storedByteCount = "stored_bytes"
  }

  package mutating func merge(_ other: Self) {
    keys += other.keys
    storedByteCount += other.storedByteCount
  }
}

/// The keys of one type and encoding.
package struct EncodingCount: CountedEntry {
  package static var limit: Int { 256 }
  /// `string`, `list`, `set`, `zset`, `hash`, `stream`, `array` or `module`.
  package var type: String
  /// The result of OBJECT ENCODING on the server that wrote the file.
  package var encoding: String
  package var keys: UInt64
  package var storedByteCount: UInt64

  enum CodingKeys: String, CodingKey {
    case type, encoding, keys
    case storedByteCount = "stored_bytes"
  }

  package func precedes(_ other: Self) -> Bool {
    (type, encoding) < (other.type, other.encoding)
  }

  package mutating func merge(_ other: Self) {
    keys += other.keys
    storedByteCount += other.storedByteCount
  }
}

/// A database: its keys, and the numbers in its RESIZEDB hint.
package struct DatabaseInfo: CountedEntry {
  package static var limit: Int { 10_000 }
  package var database: UInt64
  package var keys: UInt64 = 0
  /// The number of keys with an expiry.
  package var expiring: UInt64 = 0
  /// The number of keys whose expiry had passed at the reference time.
  package var expired: UInt64 = 0
  /// The number of hashes with at least one field that has an expiry.
  package var hashesWithFieldExpiries: UInt64 = 0
  package var fieldsExpiring: UInt64 = 0
  package var storedByteCount: UInt64 = 0
  /// The number of keys in the RESIZEDB hint, which may be wrong; `nil` if there is no hint.
  package var hintedKeys: UInt64?
  package var hintedExpiring: UInt64?
  /// The number of keys by type.
  package var types: [String: UInt64] = [:]
  /// The keys by encoding; empty for servers before 2.2, which have no OBJECT ENCODING.
  package var encodings = SmallestEntries<EncodingCount>()

  package init(database: UInt64) { self.database = database }

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

  /// Whether the hint is wrong. A missing hint is not.
  package var isHintWrong: Bool {
    hintedKeys.map { $0 != keys } ?? false || hintedExpiring.map { $0 != expiring } ?? false
  }

  package func precedes(_ other: Self) -> Bool { database < other.database }

  package mutating func merge(_ other: Self) {
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

/// Returns the sum of two optional numbers of a file, clamped to the largest number.
func sum(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
  guard let a, let b else { return a ?? b }
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}
