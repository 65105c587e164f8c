import RDBFormat
import RDBSupport

/// The JSON form of a plan: checksums are hexadecimal text, heads are Base64.
extension SnapshotPlan: Codable {
  private enum CodingKeys: String, CodingKey {
    case format, bytes, header, checksum, heads, parts
  }

  /// The version of the JSON form.
  private static let format = 1

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let format = try container.decode(Int.self, forKey: .format)
    guard format == Self.format else {
      throw DecodingError.dataCorruptedError(
        forKey: .format, in: container, debugDescription: "expected the format \(Self.format)")
    }
    byteCount = try container.decode(UInt64.self, forKey: .bytes)
    let text = try container.decode(String.self, forKey: .header)
    guard let header = SnapshotHeader(magic: text) else {
      throw DecodingError.dataCorruptedError(
        forKey: .header, in: container, debugDescription: "expected the first nine bytes of a snapshot")
    }
    self.header = header
    checksum = try container.decodeIfPresent(ChecksumText.self, forKey: .checksum)?.value
    heads = try container.decode([String].self, forKey: .heads).map { text in
      guard let bytes = Base64.decode(text) else {
        throw DecodingError.dataCorruptedError(forKey: .heads, in: container, debugDescription: "expected Base64")
      }
      return bytes
    }
    parts = try container.decode([Part].self, forKey: .parts)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.format, forKey: .format)
    try container.encode(byteCount, forKey: .bytes)
    try container.encode(String(decoding: try header.magic, as: UTF8.self), forKey: .header)
    try container.encodeIfPresent(checksum.map(ChecksumText.init), forKey: .checksum)
    try container.encode(heads.map { Base64.encode($0) }, forKey: .heads)
    try container.encode(parts, forKey: .parts)
  }
}

extension SnapshotPlan.Part: Codable {
  private enum CodingKeys: String, CodingKey {
    case start, end, checksum, head
    case database = "db"
    case keyCount = "keys"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    start = try container.decode(UInt64.self, forKey: .start)
    end = try container.decode(UInt64.self, forKey: .end)
    database = try container.decode(UInt64.self, forKey: .database)
    keyCount = try container.decode(UInt64.self, forKey: .keyCount)
    checksum = try container.decode(ChecksumText.self, forKey: .checksum).value
    head = try container.decodeIfPresent(Int.self, forKey: .head)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(start, forKey: .start)
    try container.encode(end, forKey: .end)
    try container.encode(database, forKey: .database)
    try container.encode(keyCount, forKey: .keyCount)
    try container.encode(ChecksumText(checksum), forKey: .checksum)
    try container.encodeIfPresent(head, forKey: .head)
  }
}

/// A CRC-64 as text: `0x9e7f00bd3f2b8a41`. Numbers of JSON are not exact above 2^53.
private struct ChecksumText: Codable {
  var value: UInt64

  init(_ value: UInt64) { self.value = value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard text.hasPrefix("0x"), let value = UInt64(text.dropFirst(2), radix: 16) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a checksum such as 0x1f")
    }
    self.value = value
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode("0x" + String(value, radix: 16))
  }
}

extension SnapshotHeader {
  /// The header whose nine bytes are `magic`, such as `REDIS0011`; `nil` if it is none.
  fileprivate init?(magic: String) {
    for (name, vendor) in [("REDIS", Vendor.redis), ("VALKEY", .valkey)] where magic.hasPrefix(name) {
      let digits = magic.dropFirst(name.count)
      guard magic.utf8.count == 9, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let version = Int(digits) else {
        return nil
      }
      self.init(vendor: vendor, version: version)
      return
    }
    return nil
  }
}
