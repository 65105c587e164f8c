/// The bytes of a small dump, written by hand: header `REDIS0004`, so that no checksum follows.
struct CraftedDump {
  private(set) var bytes = Array("REDIS0004".utf8)

  init(magic: String = "REDIS0004") { bytes = Array(magic.utf8) }

  /// A length in its 6- or 32-bit form.
  static func length(_ count: Int) -> [UInt8] {
    count < 64 ? [UInt8(count)] : [0x80] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
  }

  static func string(_ text: [UInt8]) -> [UInt8] { length(text.count) + text }
  static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

  mutating func select(_ database: Int) { bytes += [254] + Self.length(database) }
  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func expiry(_ milliseconds: Int64) {
    bytes += [252] + (0..<8).map { UInt8(truncatingIfNeeded: milliseconds >> (8 * Int64($0))) }
  }

  mutating func set(_ key: String, _ value: [UInt8]) { bytes += [0] + Self.string(key) + Self.string(value) }
  mutating func set(_ key: String, _ value: String) { set(key, Array(value.utf8)) }

  mutating func zset(_ key: String, _ members: [(String, Double)]) {
    bytes += [5] + Self.string(key) + Self.length(members.count)
    for (member, score) in members {
      bytes += Self.string(member) + (0..<8).map { UInt8(truncatingIfNeeded: score.bitPattern >> (8 * UInt64($0))) }
    }
  }

  mutating func hash(_ key: String, _ fields: [([UInt8], [UInt8])]) {
    bytes += [4] + Self.string(key) + Self.length(fields.count)
    for (field, value) in fields { bytes += Self.string(field) + Self.string(value) }
  }

  /// A value of RedisJSON, encoding version 3, of these items.
  mutating func redisJSON(_ key: String, _ items: [[UInt8]]) {
    bytes += [7] + Self.string(key) + [0x81, 0x45, 0xE2, 0x52, 0x38, 0xDF, 0x91, 0x2C, 0x03]
    for item in items { bytes += item }
    bytes += [0]
  }

  static func item(_ text: String) -> [UInt8] { [5] + string(text) }

  /// The whole file.
  var whole: [UInt8] { bytes + [255] }
}
