import RDB
import RDBFormat

/// A value in Thrift's compact protocol.
enum ThriftValue {
  case bool(Bool)
  case integer(Int64)
  case binary([UInt8])
  case list([ThriftValue])
  case structure(ThriftStruct)
}

/// The fields of a struct by their numbers.
struct ThriftStruct {
  fileprivate(set) var fields: [Int16: ThriftValue] = [:]

  func integer(_ number: Int16) -> Int64? {
    if case .integer(let value)? = fields[number] { value } else { nil }
  }
  func binary(_ number: Int16) -> [UInt8]? {
    if case .binary(let value)? = fields[number] { value } else { nil }
  }
  func text(_ number: Int16) -> String? { binary(number).flatMap { String(validating: $0, as: UTF8.self) } }
  func structure(_ number: Int16) -> ThriftStruct? {
    if case .structure(let value)? = fields[number] { value } else { nil }
  }
  func structures(_ number: Int16) -> [ThriftStruct]? {
    guard case .list(let values)? = fields[number] else { return nil }
    var result: [ThriftStruct] = []
    for value in values {
      guard case .structure(let structure) = value else { return nil }
      result.append(structure)
    }
    return result
  }
}

/// Reads structs in Thrift's compact protocol, of which Parquet uses no sets, maps and doubles.
///
/// A list or a string takes at most the bytes that follow; structs have at most ``depthLimit`` levels.
struct ThriftReader: ~Escapable {
  private var cursor: ByteCursor

  private static var depthLimit: Int { 12 }

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { cursor = ByteCursor(bytes) }

  /// The number of bytes read.
  var position: Int { cursor.offset }

  /// Reads a struct.
  ///
  /// - Parameter element: Receives each element of the list of structs with the number `streamed`, which is then left out.
  mutating func structure(
    depth: Int = 0, streamed: Int16? = nil, element: (ThriftStruct) throws(RDBError) -> Void = { _ in }
  ) throws(RDBError) -> ThriftStruct {
    guard depth < Self.depthLimit else {
      throw .corruptParquet(position, "structs of \(Self.depthLimit) levels", "more")
    }
    var result = ThriftStruct()
    var number: Int16 = 0
    while true {
      let byte = try cursor.byte()
      guard byte != 0 else { return result }
      let difference = Int16(byte >> 4)
      guard difference > 0, let type = ThriftType(rawValue: byte & 15) else {
        throw .corruptParquet(position, "the beginning of a field", "the byte \(byte)")
      }
      let (next, isTooLarge) = number.addingReportingOverflow(difference)
      guard !isTooLarge else { throw .corruptParquet(position, "a field's number", "a larger one") }
      number = next
      if number == streamed, type == .list {
        let (count, elementType) = try listHeader()
        guard elementType == .structure else { throw .corruptParquet(position, "a list of structs", "another one") }
        for _ in 0..<count { try element(try structure(depth: depth + 1)) }
      } else {
        result.fields[number] = try value(type, depth)
      }
    }
  }

  private mutating func value(_ type: ThriftType, _ depth: Int) throws(RDBError) -> ThriftValue {
    switch type {
    case .boolTrue: return .bool(true)
    case .boolFalse: return .bool(false)
    case .i8: return .integer(Int64(Int8(bitPattern: try cursor.byte())))
    case .i16, .i32, .i64:
      let zigzag = try varint()
      return .integer(Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1))
    case .binary: return .binary([UInt8](try cursor.take(try varint())))
    case .list:
      let (count, elementType) = try listHeader()
      guard depth < Self.depthLimit, elementType != .boolTrue, elementType != .boolFalse else {
        throw .corruptParquet(position, "a list that Parquet has", "another one")
      }
      var values: [ThriftValue] = []
      for _ in 0..<count { values.append(try value(elementType, depth + 1)) }
      return .list(values)
    case .structure: return .structure(try structure(depth: depth + 1))
    case .double, .set, .map: throw .corruptParquet(position, "a type that Parquet uses", "\(type)")
    }
  }

  /// Reads the number and type of a list's elements, each of which takes at least one byte.
  private mutating func listHeader() throws(RDBError) -> (count: Int, type: ThriftType) {
    let byte = try cursor.byte()
    let count = byte >> 4 == 15 ? try varint() : UInt64(byte >> 4)
    guard let type = ThriftType(rawValue: byte & 15) else {
      throw .corruptParquet(position, "the type of a list", "\(byte & 15)")
    }
    guard count <= UInt64(cursor.remaining) else {
      throw .corruptParquet(position, "at most \(cursor.remaining) elements", "\(count)")
    }
    return (Int(count), type)
  }

  private mutating func varint() throws(RDBError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      let byte = try cursor.byte()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw .corruptParquet(position, "a number of at most ten bytes", "a longer one")
  }
}

extension RDBError {
  /// The error about a file that is damaged, or that this package did not write.
  static func corruptParquet(_ offset: Int, _ expected: String, _ found: String) -> RDBError {
    RDBError(.corruptParquet, at: offset, expected: expected, found: found)
  }
}

extension RDBError.Code {
  /// A Parquet file that is damaged, or that this package did not write.
  package static let corruptParquet = RDBError.Code("corruptParquet")
}
