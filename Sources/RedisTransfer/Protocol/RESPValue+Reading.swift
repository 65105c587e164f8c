import RESP

extension RESPValue {
  /// The code and message of an error, as bytes; `nil` for other values.
  var errorBytes: [UInt8]? {
    switch self {
    case .error(let bytes): bytes
    case .attributed(_, let value): value.errorBytes
    default: nil
    }
  }

  /// An integer, or the digits of a string as an integer.
  var number: Int64? {
    switch self {
    case .integer(let number): number
    case .attributed(_, let value): value.number
    default: bytes.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }
  }

  /// A port from 1 to 65535.
  var port: UInt16? { number.flatMap { UInt16(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 } }

  /// The text of a string; `nil` for other values and for bytes that are not UTF-8.
  var text: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }

  /// The values of a map (RESP3) or of alternating names and values (RESP2) by their names.
  ///
  /// `nil` for other values, and if a name is not text.
  var fields: [String: RESPValue]? {
    guard let elements, elements.count.isMultiple(of: 2) else { return nil }
    var fields: [String: RESPValue] = [:]
    for index in stride(from: 0, to: elements.count, by: 2) {
      guard let name = elements[index].text else { return nil }
      fields[name] = elements[index + 1]
    }
    return fields
  }
}
