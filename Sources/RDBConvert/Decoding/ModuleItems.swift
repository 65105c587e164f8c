import RDBFormat

/// A reader of the items in a module's stored value, for values whose layout is known.
struct ModuleItems {
  enum Item {
    case signed(Int64)
    case unsigned(UInt64)
    case double(Double)
    case string([UInt8])
  }

  /// A value that does not have the expected layout.
  struct Mismatch: Error {}

  /// The bytes from the first item on, up to the end mark.
  private let bytes: [UInt8]
  private var position = 0
  /// The longest string that is decompressed, in bytes.
  private let stringLimit: UInt64

  init(_ bytes: [UInt8], stringLimit: UInt64) { (self.bytes, self.stringLimit) = (bytes, stringLimit) }

  /// Reads an item; `nil` at the end mark.
  mutating func next() throws(Mismatch) -> Item? {
    var cursor = ByteCursor(bytes.span.bytes)
    cursor.position = position
    do throws(RDBError) {
      let item = try Self.item(&cursor, stringLimit)
      position = cursor.position
      return item
    } catch {
      throw Mismatch()
    }
  }

  @_lifetime(cursor: copy cursor)
  private static func item(_ cursor: inout ByteCursor, _ stringLimit: UInt64) throws(RDBError) -> Item? {
    switch try cursor.length() {
    case 0: return nil
    case 1: return .signed(Int64(bitPattern: try cursor.length()))
    case 2: return .unsigned(try cursor.length())
    case 3: return .double(Double(Float(bitPattern: try cursor.littleEndian(UInt32.self))))
    case 4: return .double(Double(bitPattern: try cursor.littleEndian(UInt64.self)))
    case 5: return .string(try string(&cursor, stringLimit))
    default: throw RDBError(.corruptModule, at: cursor.offset, expected: "an item", found: "another code")
    }
  }

  @_lifetime(cursor: copy cursor)
  private static func string(_ cursor: inout ByteCursor, _ stringLimit: UInt64) throws(RDBError) -> [UInt8] {
    switch try cursor.stringHeader() {
    case .raw(let byteCount): return try cursor.take(byteCount).withUnsafeBytes { Array($0) }
    case .integer(let value): return Array(String(value).utf8)
    case .lzf(let compressed, let original):
      let input = try cursor.take(compressed)
      guard original <= stringLimit, original <= LZF.maximumOutputByteCount(of: compressed) else {
        throw RDBError(.stringTooLong, at: cursor.offset, expected: "a shorter string", found: "\(original) bytes")
      }
      var output = [UInt8](repeating: 0, count: Int(original))
      do {
        try output.withUnsafeMutableBytes { output in try LZF.decompress(input, into: output) }
      } catch {
        throw RDBError(.corruptLZF, at: cursor.offset, expected: "LZF data", found: "other bytes")
      }
      return output
    }
  }

  mutating func unsigned() throws(Mismatch) -> UInt64 {
    guard case .unsigned(let value) = try next() else { throw Mismatch() }
    return value
  }

  mutating func signed() throws(Mismatch) -> Int64 {
    guard case .signed(let value) = try next() else { throw Mismatch() }
    return value
  }

  mutating func double() throws(Mismatch) -> Double {
    guard case .double(let value) = try next() else { throw Mismatch() }
    return value
  }

  mutating func string() throws(Mismatch) -> [UInt8] {
    guard case .string(let value) = try next() else { throw Mismatch() }
    return value
  }

  mutating func end() throws(Mismatch) {
    guard try next() == nil, position == bytes.count else { throw Mismatch() }
  }
}
