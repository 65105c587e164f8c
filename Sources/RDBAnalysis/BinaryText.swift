import RDBSupport

/// Bytes that are usually text: in JSON a string where they are valid UTF-8, else `{"$base64":"…"}`.
///
/// What `rdb json` does with keys and values in its default mode.
public struct BinaryText: Hashable, Sendable, Codable {
  public var bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  public init(_ bytes: RawSpan) { self.bytes = bytes.withUnsafeBytes { Array($0) } }

  private enum CodingKeys: String, CodingKey {
    case base64 = "$base64"
  }

  public init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      bytes = Array(text.utf8)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let text = try container.decode(String.self, forKey: .base64)
    guard let bytes = Base64.decode(text) else {
      throw DecodingError.dataCorruptedError(
        forKey: .base64, in: container, debugDescription: "expected base64")
    }
    self.bytes = bytes
  }

  public func encode(to encoder: any Encoder) throws {
    if let text = String(validating: bytes, as: UTF8.self) {
      var container = encoder.singleValueContainer()
      try container.encode(text)
    } else {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(Base64.encode(bytes), forKey: .base64)
    }
  }

  /// The text, if it is valid UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }
}

extension BinaryText: Comparable {
  /// Byte order.
  public static func < (a: Self, b: Self) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
