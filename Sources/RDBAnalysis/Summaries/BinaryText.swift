import RDB
import RDBSupport

/// Bytes that are usually text, such as the name of a key.
///
/// In JSON the bytes are a string if they are valid UTF-8, and else an object `{"$base64":"…"}`, as in the default
/// mode of `rdb json`.
public struct BinaryText: Hashable, Sendable, Codable {
  /// The bytes.
  public var bytes: [UInt8]

  /// Creates a value from bytes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  /// Creates a value from a copy of borrowed bytes.
  package init(_ bytes: RawSpan) { self.bytes = [UInt8](bytes) }

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

  /// The text; `nil` if the bytes are not valid UTF-8.
  package var text: String? { String(validating: bytes, as: UTF8.self) }
}

extension BinaryText: Comparable {
  public static func < (a: Self, b: Self) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension BinaryText: CustomStringConvertible {
  public var description: String { String(printable(bytes, limit: .max).dropFirst().dropLast()) }
}
