public import RDBFormat

/// Bytes of a key, an element or a value in a test: a `String` as UTF-8, or the bytes themselves.
public protocol TestBytes {
  var testBytes: [UInt8] { get }
}
extension String: TestBytes {
  public var testBytes: [UInt8] { Array(utf8) }
}
extension [UInt8]: TestBytes {
  public var testBytes: [UInt8] { self }
}

/// Builds a small snapshot record by record, for tests.
///
/// The snapshot has no checksum: versions below 5 have none, later ones get zeros, which mean "not computed".
/// ``RDBBytes`` builds lengths, strings and packed values.
public struct SnapshotBuilder: Sendable {
  /// The header and the records so far.
  public private(set) var bytes: [UInt8]
  private let hasChecksum: Bool

  /// - Parameter version: Versions below 5 end without a checksum.
  public init(version: Int = 4, vendor: Vendor = .redis) {
    let magic = vendor == .redis ? "REDIS" : "VALKEY"
    let digits = String(version)
    bytes = Array((magic + String(repeating: "0", count: 9 - magic.utf8.count - digits.utf8.count) + digits).utf8)
    hasChecksum = version >= 5
  }

  /// The whole file: header, records, end of file.
  public var whole: [UInt8] { bytes + [0xFF] + (hasChecksum ? [UInt8](repeating: 0, count: 8) : []) }

  /// Appends bytes as they are.
  public mutating func raw(_ bytes: [UInt8]) { self.bytes += bytes }

  /// Appends SELECTDB: the following keys belong to `database`.
  public mutating func select(_ database: UInt64) { bytes += [0xFE] + RDBBytes.length(database) }

  /// Appends the expiry of the next key, in milliseconds since 1970.
  public mutating func expiry(_ milliseconds: Int64) { bytes += [0xFC] + RDBBytes.little(milliseconds) }

  /// Appends an AUX field.
  public mutating func aux(_ name: some TestBytes, _ value: some TestBytes) {
    bytes += [0xFA] + RDBBytes.string(name.testBytes) + RDBBytes.string(value.testBytes)
  }

  /// Appends a key of any type, with its value as stored.
  ///
  /// - Parameter expiry: In milliseconds since 1970.
  public mutating func key(_ type: UInt8, _ name: some TestBytes, value: [UInt8], expiry: Int64? = nil) {
    if let expiry { self.expiry(expiry) }
    bytes += [type] + RDBBytes.string(name.testBytes) + value
  }

  /// Appends a string.
  public mutating func string(_ name: some TestBytes, _ value: some TestBytes, expiry: Int64? = nil) {
    key(0, name, value: RDBBytes.string(value.testBytes), expiry: expiry)
  }

  /// Appends a list in its oldest form (type 1).
  public mutating func list(_ name: some TestBytes, _ elements: [some TestBytes]) { strings(1, name, elements) }

  /// Appends a set in its oldest form (type 2).
  public mutating func set(_ name: some TestBytes, _ members: [some TestBytes]) { strings(2, name, members) }

  /// Appends a sorted set with binary scores (type 5).
  public mutating func zset(_ name: some TestBytes, _ members: [(some TestBytes, Double)]) {
    let value = members.flatMap { RDBBytes.string($0.0.testBytes) + RDBBytes.little($0.1.bitPattern) }
    key(5, name, value: RDBBytes.length(UInt64(members.count)) + value)
  }

  /// Appends a hash in its oldest form (type 4).
  public mutating func hash(
    _ name: some TestBytes, _ fields: [(some TestBytes, some TestBytes)], expiry: Int64? = nil
  ) {
    let value = fields.flatMap { RDBBytes.string($0.0.testBytes) + RDBBytes.string($0.1.testBytes) }
    key(4, name, value: RDBBytes.length(UInt64(fields.count)) + value, expiry: expiry)
  }

  /// Appends a hash of Valkey with field expiries (type 22).
  ///
  /// - Parameter fields: A name, a value, and an expiry in milliseconds, −1 for none.
  public mutating func hash(
    _ name: some TestBytes, expiringFields fields: [(some TestBytes, some TestBytes, Int64)], expiry: Int64? = nil
  ) {
    let value = fields.flatMap {
      RDBBytes.string($0.0.testBytes) + RDBBytes.string($0.1.testBytes) + RDBBytes.little($0.2)
    }
    key(22, name, value: RDBBytes.length(UInt64(fields.count)) + value, expiry: expiry)
  }

  /// Appends a count and that many strings.
  ///
  /// - Parameter count: The stored count, if it differs from the number of `parts`.
  public mutating func strings(_ type: UInt8, _ name: some TestBytes, count: UInt64? = nil, _ parts: [some TestBytes]) {
    let value = parts.flatMap { RDBBytes.string($0.testBytes) }
    key(type, name, value: RDBBytes.length(count ?? UInt64(parts.count)) + value)
  }
}
