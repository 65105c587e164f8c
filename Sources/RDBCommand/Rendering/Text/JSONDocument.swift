#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Returns a JSON document: indented, with names in alphabetical order and a newline at the end.
func jsonDocument(_ value: some Encodable) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
}

/// Bytes in the form of `rdb json`: a string if they are UTF-8, else `{"$base64":"…"}`.
struct BytesDocument: Encodable {
  private let bytes: [UInt8]
  private enum CodingKeys: String, CodingKey { case base64 = "$base64" }

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func encode(to encoder: any Encoder) throws {
    if let text = String(validating: bytes, as: UTF8.self) {
      var container = encoder.singleValueContainer()
      try container.encode(text)
    } else {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(Data(bytes).base64EncodedString(), forKey: .base64)
    }
  }
}
