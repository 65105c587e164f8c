import RDBSupport

/// A JSON text as it stands: members in order, names and strings as UTF-8, numbers as text.
///
/// Foundation's parser makes Swift strings of names, of which two can be equal that differ in bytes.
indirect enum JSONNode: Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string([UInt8])
  case array([JSONNode])
  case object([(name: [UInt8], value: JSONNode)])

  struct Malformed: Error, CustomStringConvertible {
    let description: String
  }

  static func == (a: JSONNode, b: JSONNode) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.number(let x), .number(let y)): Double(x) == Double(y)
    case (.string(let x), .string(let y)): x == y
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)):
      x.count == y.count && zip(x, y).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    default: false
    }
  }

  /// Parses a whole text.
  init(_ bytes: some Collection<UInt8>) throws {
    var parser = Parser(bytes: Array(bytes))
    self = try parser.text()
  }

  /// A member of an object; `nil`: it has none of that name.
  subscript(_ name: String) -> JSONNode? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name.elementsEqual(name.utf8) }?.value
  }

  var names: [String] {
    guard case .object(let members) = self else { return [] }
    return members.map { String(decoding: $0.name, as: UTF8.self) }
  }

  var array: [JSONNode]? { if case .array(let values) = self { values } else { nil } }
  var members: [(name: [UInt8], value: JSONNode)]? { if case .object(let all) = self { all } else { nil } }
  var utf8: [UInt8]? { if case .string(let bytes) = self { bytes } else { nil } }
  var text: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }
  var number: String? { if case .number(let text) = self { text } else { nil } }
  var int: Int64? { number.flatMap { Int64($0) } }
  var uint: UInt64? { number.flatMap { UInt64($0) } }
  var double: Double? { number.flatMap { Double($0) } }

  private struct Parser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func text() throws -> JSONNode {
      let node = try value()
      space()
      guard position == bytes.count else { throw Malformed(description: "bytes after the text at \(position)") }
      return node
    }

    mutating func space() {
      while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func next() throws -> UInt8 {
      guard position < bytes.count else { throw Malformed(description: "cut at \(position)") }
      position += 1
      return bytes[position - 1]
    }

    mutating func expect(_ text: String) throws {
      for byte in text.utf8 where try next() != byte { throw Malformed(description: "no \(text) at \(position)") }
    }

    mutating func value() throws -> JSONNode {
      space()
      let byte = try next()
      switch byte {
      case UInt8(ascii: "{"): return try object()
      case UInt8(ascii: "["): return try array()
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"):
        try expect("rue")
        return .bool(true)
      case UInt8(ascii: "f"):
        try expect("alse")
        return .bool(false)
      case UInt8(ascii: "n"):
        try expect("ull")
        return .null
      default: return try number()
      }
    }

    mutating func number() throws -> JSONNode {
      let start = position - 1
      while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil else {
        throw Malformed(description: "\(text) at \(start)")
      }
      return .number(text)
    }

    mutating func array() throws -> JSONNode {
      var values: [JSONNode] = []
      space()
      if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
        position += 1
        return .array([])
      }
      while true {
        values.append(try value())
        space()
        switch try next() {
        case UInt8(ascii: ","): continue
        case UInt8(ascii: "]"): return .array(values)
        default: throw Malformed(description: "no comma at \(position)")
        }
      }
    }

    mutating func object() throws -> JSONNode {
      var members: [(name: [UInt8], value: JSONNode)] = []
      space()
      if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
        position += 1
        return .object([])
      }
      while true {
        space()
        try expect("\"")
        let name = try string()
        space()
        try expect(":")
        members.append((name, try value()))
        space()
        switch try next() {
        case UInt8(ascii: ","): continue
        case UInt8(ascii: "}"): return .object(members)
        default: throw Malformed(description: "no comma at \(position)")
        }
      }
    }

    mutating func string() throws -> [UInt8] {
      var text: [UInt8] = []
      while true {
        let byte = try next()
        switch byte {
        case UInt8(ascii: "\""):
          guard String(validating: text, as: UTF8.self) != nil else {
            throw Malformed(description: "no UTF-8 before \(position)")
          }
          return text
        case UInt8(ascii: "\\"): try escape(into: &text)
        case 0..<0x20: throw Malformed(description: "a control character at \(position)")
        default: text.append(byte)
        }
      }
    }

    mutating func escape(into text: inout [UInt8]) throws {
      let byte = try next()
      switch byte {
      case UInt8(ascii: "b"): text.append(8)
      case UInt8(ascii: "t"): text.append(9)
      case UInt8(ascii: "n"): text.append(10)
      case UInt8(ascii: "f"): text.append(12)
      case UInt8(ascii: "r"): text.append(13)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
      case UInt8(ascii: "u"):
        var unit = try hex()
        if unit & 0xFC00 == 0xD800 {
          try expect("\\u")
          unit = 0x10000 + (unit & 0x3FF) << 10 + (try hex() & 0x3FF)
        }
        guard let scalar = Unicode.Scalar(unit) else { throw Malformed(description: "a surrogate at \(position)") }
        text.append(contentsOf: String(Character(scalar)).utf8)
      default: throw Malformed(description: "an unknown escape at \(position)")
      }
    }

    mutating func hex() throws -> UInt32 {
      var value: UInt32 = 0
      for _ in 0..<4 {
        guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else {
          throw Malformed(description: "no digit at \(position)")
        }
        value = value << 4 | UInt32(digit)
      }
      return value
    }
  }
}
