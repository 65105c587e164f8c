/// A reply of a server, in RESP2 or RESP3.
///
/// Like ``RESPDecoder``, the type is not public.
package indirect enum RESPValue: Hashable, Sendable {
  /// `_`, `$-1` and `*-1`.
  case null
  /// `+OK`.
  case simple([UInt8])
  /// `-ERR …` and `!`: code and message.
  case error([UInt8])
  case integer(Int64)
  case double(Double)
  case boolean(Bool)
  /// `(`: the digits as sent.
  case bigNumber([UInt8])
  /// `$`.
  case bulk([UInt8])
  /// `=`: text of a format of three letters, such as `txt`.
  case verbatim(format: [UInt8], [UInt8])
  case array([RESPValue])
  case set([RESPValue])
  /// A message that the server sends without a request.
  case push([RESPValue])
  case map([Pair])
  /// `|`: a value with attributes.
  case attributed([Pair], RESPValue)

  /// An entry of a map or of attributes.
  package struct Pair: Hashable, Sendable {
    package var key: RESPValue
    package var value: RESPValue
    package init(_ key: RESPValue, _ value: RESPValue) { (self.key, self.value) = (key, value) }
  }

  /// The bytes of a simple, bulk or verbatim string or of a big number; `nil` for other values.
  package var bytes: [UInt8]? {
    switch self {
    case .simple(let bytes), .bulk(let bytes), .verbatim(_, let bytes), .bigNumber(let bytes): bytes
    case .attributed(_, let value): value.bytes
    default: nil
    }
  }

  /// The elements of an array, set or push, or the alternating keys and values of a map; `nil` for other values.
  package var elements: [RESPValue]? {
    switch self {
    case .array(let elements), .set(let elements), .push(let elements): elements
    case .map(let pairs): pairs.flatMap { [$0.key, $0.value] }
    case .attributed(_, let value): value.elements
    default: nil
    }
  }

  /// The code and message of an error; `nil` for other values.
  package var errorText: String? {
    switch self {
    case .error(let text): String(decoding: text, as: UTF8.self)
    case .attributed(_, let value): value.errorText
    default: nil
    }
  }
}
