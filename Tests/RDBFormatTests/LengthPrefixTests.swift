import RDBFormat
import TestSupport
import Testing

@Suite("A length prefix")
struct LengthPrefixTests {
  private func length(_ bytes: [UInt8]) throws -> (value: UInt64, used: Int) {
    let span = bytes.span
    var cursor = ByteCursor(span.bytes, base: 500)
    let value = try cursor.length()
    return (value, cursor.position)
  }

  private func header(_ bytes: [UInt8]) throws -> StringHeader {
    let span = bytes.span
    var cursor = ByteCursor(span.bytes, base: 500)
    return try cursor.stringHeader()
  }

  static let forms: [([UInt8], UInt64)] = [
    ([0x00], 0), ([0x01], 1), ([0x3F], 63), ([0x40, 0x40], 64), ([0x40, 0x00], 0), ([0x7F, 0xFF], 16_383),
    ([0x80, 0, 0, 0x40, 0], 16_384), ([0x80, 0, 0, 0, 0], 0), ([0x80, 0xFF, 0xFF, 0xFF, 0xFF], 0xFFFF_FFFF),
    ([0x81, 0, 0, 0, 1, 0, 0, 0, 0], 1 << 32), ([0x81, 0, 0, 0, 0, 0, 0, 0, 0], 0),
    ([0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], (1 << 63) - 1),
    ([0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .max),
  ]

  @Test("has four forms, which need not be the shortest", arguments: forms)
  func decodes(_ bytes: [UInt8], _ value: UInt64) throws {
    let found = try length(bytes + [0xAA])
    #expect(found.value == value)
    #expect(found.used == bytes.count)
    #expect(try header(bytes) == .raw(value))
    for count in 0..<bytes.count {
      let error = #expect(throws: RDBError.self) { try length(Array(bytes.prefix(count))) }
      #expect(error?.code == .truncated)
      #expect((error?.missing ?? 0) > 0)
    }
  }

  @Test("is none from 0x82 to 0xBF", arguments: 0x82...0xBF as ClosedRange<UInt8>)
  func none(_ byte: UInt8) {
    let error = #expect(throws: RDBError.self) { try length([byte, 0, 0, 0, 0]) }
    #expect(error?.code == .badLength)
    #expect(error?.offset == 500)
  }

  @Test("is no number where a string's encoding stands", arguments: 0xC0...0xFF as ClosedRange<UInt8>)
  func encoding(_ byte: UInt8) {
    let bytes: [UInt8] = [byte, 0, 0, 0, 0]
    let error = #expect(throws: RDBError.self) { try length(bytes) }
    #expect(error?.code == .badLength)
    if byte > 0xC3 {
      let error = #expect(throws: RDBError.self) { try header(bytes) }
      #expect(error?.code == .badString)
      #expect(error?.offset == 500)
    }
  }

  static let integers: [([UInt8], Int64)] =
    [Int8.min, -1, 0, 1, .max].map { ([0xC0] + RDBBytes.little($0), Int64($0)) }
    + [Int16.min, -1, 0, 1, .max].map { ([0xC1] + RDBBytes.little($0), Int64($0)) }
    + [Int32.min, -1, 0, 1, .max].map { ([0xC2] + RDBBytes.little($0), Int64($0)) }

  @Test("of a string may be an integer of 8, 16 or 32 bits", arguments: integers)
  func integer(_ bytes: [UInt8], _ value: Int64) throws {
    #expect(try header(bytes) == .integer(value))
    let error = #expect(throws: RDBError.self) { try header(Array(bytes.dropLast())) }
    #expect(error?.code == .truncated)
  }

  @Test("of a compressed string is followed by two lengths")
  func lzf() throws {
    #expect(try header([0xC3, 9, 0x1E]) == .lzf(compressed: 9, original: 30))
    #expect(try header([0xC3, 0x40, 0x09, 0x80, 0, 0, 0, 0x1E]) == .lzf(compressed: 9, original: 30))
    let error = #expect(throws: RDBError.self) { try header([0xC3, 9, 0xC0]) }
    #expect(error?.code == .badLength)
    #expect(error?.offset == 502)
  }

  @Test("never lets a cursor step beyond its bytes", arguments: [0, 1, 4, 5, 1 << 62, (1 << 63) - 1, .max] as [UInt64])
  func take(_ count: UInt64) throws {
    let bytes: [UInt8] = [1, 2, 3, 4]
    let span = bytes.span
    var cursor = ByteCursor(span.bytes, base: 500)
    if count <= 4 {
      #expect(try cursor.take(count).byteCount == Int(count))
      #expect(cursor.remaining == 4 - Int(count))
    } else {
      var found: RDBError?
      do { _ = try cursor.take(count) } catch { found = error }
      #expect(found?.code == .truncated)
      #expect(found?.missing == count - 4)
      #expect(cursor.position == 0)
    }
  }
}
