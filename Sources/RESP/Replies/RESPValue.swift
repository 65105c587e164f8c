/// A reply, owned: RESP2 and RESP3.
public indirect enum RESPValue: Hashable, Sendable {
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
  /// What the server sends without having been asked.
  case push([RESPValue])
  case map([Pair])
  /// `|`: a value and what the server says about it.
  case attributed([Pair], RESPValue)

  /// An entry of a map or of attributes.
  public struct Pair: Hashable, Sendable {
    public var key: RESPValue
    public var value: RESPValue
    public init(_ key: RESPValue, _ value: RESPValue) { (self.key, self.value) = (key, value) }
  }

  /// The bytes of a simple, bulk or verbatim string; else `nil`.
  public var bytes: [UInt8]? {
    switch self {
    case .simple(let bytes), .bulk(let bytes), .verbatim(_, let bytes), .bigNumber(let bytes): bytes
    case .attributed(_, let value): value.bytes
    default: nil
    }
  }

  /// The elements of an array, set or push; of a map, its keys and values in turn; else `nil`.
  public var elements: [RESPValue]? {
    switch self {
    case .array(let elements), .set(let elements), .push(let elements): elements
    case .map(let pairs): pairs.flatMap { [$0.key, $0.value] }
    case .attributed(_, let value): value.elements
    default: nil
    }
  }

  /// The code and message of an error; else `nil`.
  public var errorText: String? {
    switch self {
    case .error(let text): String(decoding: text, as: UTF8.self)
    case .attributed(_, let value): value.errorText
    default: nil
    }
  }
}
