import RDBFormat
import TestSupport
import Testing

import RDBColumnar

@Suite("Levels and indexes")
struct HybridTests {
  @Test("decode to what was encoded", arguments: 0..<200)
  func random(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let bitWidth = Int.random(in: 1...20, using: &generator)
    var values: [UInt32] = []
    var encoder = HybridEncoder(bitWidth: bitWidth)
    for _ in 0..<Int.random(in: 1...40, using: &generator) {
      let value = UInt32.random(in: 0..<(1 << UInt32(bitWidth)), using: &generator)
      let count = Bool.random(using: &generator) ? 1 : Int.random(in: 1...30, using: &generator)
      values += [UInt32](repeating: value, count: count)
      encoder.append(value, count: count)
    }
    encoder.finish()
    let bytes = encoder.bytes
    let decoded = try HybridDecoder.decode(bytes.span.bytes, count: values.count, bitWidth: bitWidth, at: 0)
    #expect(decoded == values, "seed \(seed)")
  }

  @Test("take a few bytes if all are equal")
  func equal() {
    var encoder = HybridEncoder(bitWidth: 1)
    encoder.append(1, count: 20_000)
    encoder.finish()
    #expect(encoder.bytes == [0xC0, 0xB8, 0x02, 0x01])
  }

  @Test("in the example of the Parquet specification are the bytes given there")
  func example() {
    var encoder = HybridEncoder(bitWidth: 3)
    for value in 0..<8 { encoder.append(UInt32(value)) }
    encoder.finish()
    #expect(encoder.bytes == [0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010])
  }

  @Test("that claim more than the bytes hold are refused")
  func hostile() {
    for bytes: [UInt8] in [
      [], [0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0x01], [0x03], [0x00, 0x00],
      [0x01],
    ] {
      let error = #expect(throws: RDBError.self) {
        _ = try HybridDecoder.decode(bytes.span.bytes, count: 8, bitWidth: 1, at: 0)
      }
      #expect(error?.code == RDBError.Code("corruptParquet"))
    }
  }
}

@Suite("Statistics")
struct StatisticsTests {
  private func bounds(_ values: [[UInt8]], _ kind: ColumnSchema.Kind) throws -> ColumnBounds {
    let schema = ColumnSchema("a", kind)
    var column = ColumnBuffer(schema, isSource: false)
    for value in values { try column.append(value.span.bytes) }
    return ColumnBounds(column, schema, dictionary: nil)
  }

  @Test("compare bytes without a sign")
  func unsigned() throws {
    let bounds = try bounds([[0x80], [0x7F], [0x7F, 0x00]], .bytes)
    #expect(bounds.smallest == ColumnBounds.Bound(bytes: [0x7F]))
    #expect(bounds.largest == ColumnBounds.Bound(bytes: [0x80]))
  }

  @Test("of long bytes are shorter bounds that are marked as such")
  func long() throws {
    let value = [UInt8](repeating: 0x61, count: 63) + [0xFF, 0x00]
    let bounds = try bounds([value], .bytes)
    #expect(bounds.smallest == ColumnBounds.Bound(bytes: Array(value[..<64]), isExact: false))
    #expect(bounds.largest == ColumnBounds.Bound(bytes: [UInt8](repeating: 0x61, count: 62) + [0x62], isExact: false))
  }

  @Test("of long bytes that no byte can exceed have no upper bound")
  func noBound() throws {
    let bounds = try bounds([[UInt8](repeating: 0xFF, count: 100)], .bytes)
    #expect(bounds.smallest?.isExact == false)
    #expect(bounds.largest == nil)
  }

  @Test("of long text are text")
  func text() throws {
    let value = Array("a\(String(repeating: "é", count: 60))".utf8)
    let bounds = try bounds([value], .text)
    #expect(bounds.smallest.flatMap { String(validating: $0.bytes, as: UTF8.self) }?.utf8.count == 63)
    #expect(bounds.largest == ColumnBounds.Bound(bytes: Array("b".utf8), isExact: false))
    let other = try self.bounds([Array(String(repeating: "é", count: 60).utf8)], .text)
    #expect(other.largest == nil)
  }

  @Test("of zeros have both signs, and numbers that are none have no bounds")
  func zeros() {
    func bounds(_ values: [Double]) -> ColumnBounds {
      let schema = ColumnSchema("a", .double)
      var column = ColumnBuffer(schema, isSource: false)
      for value in values { column.append(Int64(bitPattern: value.bitPattern)) }
      return ColumnBounds(column, schema, dictionary: nil)
    }
    #expect(bounds([0.0]).smallest?.bytes == [0, 0, 0, 0, 0, 0, 0, 0x80])
    #expect(bounds([-0.0]).largest?.bytes == [0, 0, 0, 0, 0, 0, 0, 0])
    #expect(bounds([1, .nan]).smallest == nil)
  }
}

@Suite("Dictionaries")
struct DictionaryTests {
  @Test("hold repeated values once, and are left out where they save nothing")
  func choice() throws {
    let schema = ColumnSchema("a", .bytes)
    var (repeated, distinct) = (ColumnBuffer(schema, isSource: false), ColumnBuffer(schema, isSource: false))
    for index in 0..<5000 {
      let (few, many) = (Array("value \(index % 7)".utf8), Array("value \(index)".utf8))
      try repeated.append(few.span.bytes)
      try distinct.append(many.span.bytes)
    }
    #expect(ColumnDictionary(repeated, schema)?.count == 7)
    #expect(ColumnDictionary(distinct, schema) == nil)
  }

  @Test("are left out when they grow too large")
  func large() throws {
    let schema = ColumnSchema("a", .bytes)
    var column = ColumnBuffer(schema, isSource: false)
    for index in 0..<40 {
      let value = [UInt8](repeating: UInt8(index % 20), count: 100_000)
      try column.append(value.span.bytes)
    }
    #expect(ColumnDictionary(column, schema) == nil)
  }

  @Test("hold a long name once that many rows repeat")
  func longName() throws {
    let schema = ColumnSchema("a", .bytes, repeats: true)
    var column = ColumnBuffer(schema, isSource: false)
    let name = [UInt8](repeating: 1, count: 2 << 20)
    try column.append(name.span.bytes, count: 100_000)
    let chunk = try ChunkEncoder(compresses: false).encode(column, schema)
    #expect(chunk.rowCount == 100_000)
    #expect(chunk.bytes.count < 3 << 20)
  }
}
