/// Writes structs in Thrift's compact protocol.
///
/// A field begins with a byte: the difference to the previous field's number in the upper half, the type in the lower
/// one. Integers are zigzag varints. Source: `doc/specs/thrift-compact-protocol.md` of Apache Thrift.
struct ThriftWriter {
  private(set) var bytes: [UInt8] = []
  /// The number of the last field of the current struct.
  private var field: Int16 = 0
  /// The numbers of the last fields of the structs around it.
  private var outerFields: [Int16] = []

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  private mutating func begin(_ number: Int16, _ type: ThriftType) {
    let difference = number - field
    precondition((1...15).contains(difference))
    bytes.append(UInt8(difference) << 4 | type.rawValue)
    field = number
  }

  mutating func bool(_ number: Int16, _ value: Bool) { begin(number, value ? .boolTrue : .boolFalse) }

  mutating func i32(_ number: Int16, _ value: Int32) {
    begin(number, .i32)
    appendZigzag(Int64(value))
  }

  mutating func i64(_ number: Int16, _ value: Int64) {
    begin(number, .i64)
    appendZigzag(value)
  }

  mutating func binary(_ number: Int16, _ value: [UInt8]) {
    begin(number, .binary)
    appendBinary(value)
  }

  mutating func binary(_ number: Int16, _ text: String) { binary(number, Array(text.utf8)) }

  mutating func structure(_ number: Int16, _ body: (inout ThriftWriter) -> Void) {
    begin(number, .structure)
    structure(body)
  }

  /// Writes a struct that is no field: a whole message, or an element of a list.
  mutating func structure(_ body: (inout ThriftWriter) -> Void) {
    outerFields.append(field)
    field = 0
    body(&self)
    bytes.append(0)
    field = outerFields.removeLast()
  }

  /// Begins a list whose elements follow.
  mutating func list(_ number: Int16, of type: ThriftType, count: Int) {
    begin(number, .list)
    if count < 15 {
      bytes.append(UInt8(count) << 4 | type.rawValue)
    } else {
      bytes.append(0xF0 | type.rawValue)
      appendVarint(UInt64(count))
    }
  }

  mutating func appendBinary(_ value: [UInt8]) {
    appendVarint(UInt64(value.count))
    bytes += value
  }

  mutating func appendZigzag(_ value: Int64) { appendVarint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

  private mutating func appendVarint(_ value: UInt64) { bytes.append(varint: value) }
}

/// A type of Thrift's compact protocol.
enum ThriftType: UInt8 {
  case boolTrue = 1
  case boolFalse, i8, i16, i32, i64, double, binary, list, set, map, structure
}

extension Array where Element == UInt8 {
  /// Appends an integer in groups of seven bits, lowest first.
  mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends an integer in little-endian byte order.
  mutating func append(littleEndian value: some FixedWidthInteger) {
    for index in 0..<(value.bitWidth / 8) { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }
}
