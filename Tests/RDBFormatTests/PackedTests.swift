import RDBFormat
import TestSupport
import Testing

fileprivate typealias B = RDBBytes

/// An entry, owned.
enum Item: Equatable, Sendable {
  case integer(Int64)
  case bytes([UInt8])

  init(_ entry: PackedEntry) {
    self = entry.isInteger ? .integer(entry.integer) : .bytes(entry.bytes.withUnsafeBytes { Array($0) })
  }
}

/// Walks it to the end and checks it; each entry is read again by its position.
func items<P: PackedCursor & ~Escapable>(_ cursor: consuming P) throws -> [Item] {
  var items: [Item] = []
  while !cursor.isAtEnd {
    let position = cursor.position
    items.append(Item(try cursor.next()))
    let again = Item(try cursor.entry(at: position))
    #expect(again == items.last)
  }
  try cursor.finish(count: items.count)
  return items
}

func items(listpack bytes: [UInt8]) throws -> [Item] {
  let span = bytes.span
  return try items(try Listpack(span.bytes, at: 1000))
}

func items(ziplist bytes: [UInt8]) throws -> [Item] {
  let span = bytes.span
  return try items(try Ziplist(span.bytes, at: 1000))
}

/// Bytes with something wrong at a place.
struct Broken: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  let inner: Int
  var testDescription: String { name }
  init(_ name: String, _ bytes: [UInt8], at inner: Int) {
    (self.name, self.bytes, self.inner) = (name, bytes, inner)
  }
}

func changed(_ bytes: [UInt8], _ index: Int, _ value: UInt8) -> [UInt8] {
  var bytes = bytes
  bytes[index] = value
  return bytes
}

@Suite("A listpack")
struct ListpackTests {
  static let integers: [([UInt8], Int64)] =
    [([0x00], 0), ([0x01], 1), ([0x7E], 126), ([0x7F], 127)]
    + [([0xD0, 0x00], -4096), ([0xDF, 0xFF], -1), ([0xC0, 0x00], 0), ([0xC0, 0x01], 1), ([0xCF, 0xFF], 4095)]
    + [Int16.min, -1, 0, 1, .max].map { ([0xF1] + B.little($0), Int64($0)) }
    + [-1 << 23, -1, 0, 1, (1 << 23) - 1].map { ([0xF2] + B.little(Int32($0)).prefix(3), Int64($0)) }
    + [Int32.min, -1, 0, 1, .max].map { ([0xF3] + B.little($0), Int64($0)) }
    + [Int64.min, -1, 0, 1, .max].map { ([0xF4] + B.little($0), $0) }

  @Test("has integers of every width, at both ends", arguments: integers)
  func integer(_ encoded: [UInt8], _ value: Int64) throws {
    // Between others, so that a step too short or too long shows.
    let bytes = B.listpack([1, .raw(encoded), "x"])
    #expect(try items(listpack: bytes) == [.integer(1), .integer(value), .bytes([120])])
    #expect(try items(listpack: B.listpack([.raw(encoded)])) == [.integer(value)])
  }

  @Test("has strings with every width of length", arguments: [0, 1, 62, 63, 64, 125, 4094, 4095, 4096, 70_000])
  func string(_ count: Int) throws {
    let text = [UInt8](repeating: 115, count: count)
    let headers: [[UInt8]] =
      (count < 64 ? [[0x80 | UInt8(count)]] : [])
      + (count < 4096 ? [[0xE0 | UInt8(count >> 8), UInt8(count & 0xFF)]] : [])
      + [[0xF0] + B.little(UInt32(count))]
    for header in headers {
      let bytes = B.listpack([1, .raw(header + text), 2])
      #expect(try items(listpack: bytes) == [.integer(1), .bytes(text), .integer(2)])
    }
  }

  @Test(
    "has a backlen that grows where Redis or Valkey lets it",
    arguments: [
      (127, [0x7F]), (128, [0x01, 0x80]), (16_382, [0x7F, 0xFE]), (16_383, [0x00, 0xFF, 0xFF]),
      (16_383, [0x7F, 0xFF]), (16_384, [0x01, 0x80, 0x80]), (2_097_150, [0x7F, 0xFF, 0xFE]),
      (2_097_151, [0x00, 0xFF, 0xFF, 0xFF]), (2_097_151, [0x7F, 0xFF, 0xFF]),
      (2_097_152, [0x01, 0x80, 0x80, 0x80]),
    ] as [(Int, [UInt8])])
  func backlen(_ size: Int, _ backlen: [UInt8]) throws {
    let text = [UInt8](repeating: 115, count: size - 5)
    let body = [0xF0] + B.little(UInt32(text.count)) + text + backlen + [0x05, 0x01]
    let bytes = B.little(UInt32(body.count + 7)) + B.little(UInt16(2)) + body + [0xFF]
    #expect(try items(listpack: bytes) == [.bytes(text), .integer(5)])
    for index in backlen.indices {
      let place = 6 + size + index
      #expect(throws: RDBError.self) { try items(listpack: changed(bytes, place, backlen[index] ^ 1)) }
      #expect(throws: RDBError.self) { try items(listpack: changed(bytes, place, backlen[index] ^ 0x80)) }
    }
  }

  @Test("may not know its count")
  func unknownCount() throws {
    #expect(try items(listpack: B.listpack(["a", 1], count: .max)) == [.bytes([97]), .integer(1)])
    #expect(try items(listpack: B.listpack([])) == [])
  }

  /// 0F000000 0300 | 81 61 02 | 01 01 | DF FF 02 | FF
  static let good: [UInt8] = [15, 0, 0, 0, 3, 0, 0x81, 97, 2, 1, 1, 0xDF, 0xFF, 2, 0xFF]

  @Test("is as the worked example")
  func example() throws {
    #expect(try items(listpack: Self.good) == [.bytes([97]), .integer(1), .integer(-1)])
  }

  static let broken: [Broken] =
    [
      Broken("no bytes", [], at: 0),
      Broken("six bytes", Array(good.prefix(6)), at: 0),
      Broken("a total too small", changed(good, 0, 14), at: 0),
      Broken("a total too large", changed(good, 3, 1), at: 0),
      Broken("no terminator", changed(good, 14, 0), at: 14),
      Broken("a count too small", changed(good, 4, 2), at: 4),
      Broken("a count too large", changed(good, 4, 4), at: 4),
      Broken("a terminator in the middle", changed(good, 9, 0xFF), at: 9),
      Broken("a backlen too small", changed(good, 8, 1), at: 8),
      Broken("a backlen too large", changed(good, 10, 2), at: 10),
      Broken("a string that reaches the terminator", changed(good, 6, 0x88), at: 6),
      Broken("a string over the end", changed(good, 6, 0xBF), at: 6),
      Broken("a 12-bit length over the end", changed(good, 9, 0xEF), at: 9),
      Broken("a 32-bit length that is cut", [9, 0, 0, 0, 1, 0, 0xF0, 1, 0xFF], at: 6),
      Broken("a 32-bit length over the end", [13, 0, 0, 0, 1, 0, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0xFF], at: 6),
      Broken("a 13-bit integer that is cut", [8, 0, 0, 0, 1, 0, 0xC0, 0xFF], at: 6),
      Broken("an integer without a backlen", [9, 0, 0, 0, 1, 0, 0xC0, 1, 0xFF], at: 6),
    ]
    + (0xF1...0xF4).map { Broken("an integer \($0) that is cut", [10, 0, 0, 0, 1, 0, $0, 1, 1, 0xFF], at: 6) }
    + (0xF5...0xFE).map { Broken("an encoding \($0)", [9, 0, 0, 0, 1, 0, $0, 1, 0xFF], at: 6) }

  @Test("is refused where it is wrong", arguments: broken)
  func refused(_ broken: Broken) {
    let error = #expect(throws: RDBError.self) { try items(listpack: broken.bytes) }
    #expect(error?.code == .corruptListpack)
    #expect(error?.offset == 1000)
    #expect(error?.innerOffset == broken.inner)
  }
}

@Suite("A ziplist")
struct ZiplistTests {
  static let integers: [([UInt8], Int64)] =
    (0...12).map { ([0xF1 + UInt8($0)], $0) }
    + [Int8.min, -1, 0, 1, .max].map { ([0xFE] + B.little($0), Int64($0)) }
    + [Int16.min, -1, 0, 1, .max].map { ([0xC0] + B.little($0), Int64($0)) }
    + [-1 << 23, -1, 0, 1, (1 << 23) - 1].map { ([0xF0] + B.little(Int32($0)).prefix(3), Int64($0)) }
    + [Int32.min, -1, 0, 1, .max].map { ([0xD0] + B.little($0), Int64($0)) }
    + [Int64.min, -1, 0, 1, .max].map { ([0xE0] + B.little($0), $0) }

  @Test("has integers of every width, at both ends", arguments: integers)
  func integer(_ encoded: [UInt8], _ value: Int64) throws {
    let bytes = B.ziplist(["x", .raw(encoded), "y"])
    #expect(try items(ziplist: bytes) == [.bytes([120]), .integer(value), .bytes([121])])
    #expect(try items(ziplist: B.ziplist([.raw(encoded)])) == [.integer(value)])
  }

  @Test(
    "has strings with every width of length", arguments: [0, 1, 62, 63, 64, 250, 251, 252, 253, 16_383, 16_384, 70_000])
  func string(_ count: Int) throws {
    let text = [UInt8](repeating: 115, count: count)
    let headers: [[UInt8]] =
      (count < 64 ? [[UInt8(count)]] : [])
      + (count < 16_384 ? [[0x40 | UInt8(count >> 8), UInt8(count & 0xFF)]] : [])
      + [[0x80] + B.big(UInt32(count))]
    for header in headers {
      let bytes = B.ziplist(["a", .raw(header + text), "b"])
      #expect(try items(ziplist: bytes) == [.bytes([97]), .bytes(text), .bytes([98])])
    }
  }

  @Test("may have a prevlen of five bytes for a small entry, and not know its count")
  func widePrevlen() throws {
    // "a", then "b" with FE 03 00 00 00.
    let bytes: [UInt8] = [21, 0, 0, 0, 13, 0, 0, 0, 0xFF, 0xFF, 0, 1, 97, 0xFE, 3, 0, 0, 0, 1, 98, 0xFF]
    #expect(try items(ziplist: bytes) == [.bytes([97]), .bytes([98])])
  }

  /// `["a", 1, -1]`: 13000000 0F000000 0300 | 00 01 61 | 03 F2 | 02 FE FF | FF
  static let good: [UInt8] = [19, 0, 0, 0, 15, 0, 0, 0, 3, 0, 0, 1, 97, 3, 0xF2, 2, 0xFE, 0xFF, 0xFF]

  @Test("is as the worked example")
  func example() throws {
    #expect(try items(ziplist: Self.good) == [.bytes([97]), .integer(1), .integer(-1)])
    #expect(try items(ziplist: B.ziplist([])) == [])
  }

  /// An entry of 255 bytes, then one whose prevlen of one byte says so: that byte is no prevlen.
  static let prevlen255: [UInt8] = {
    let text = [UInt8](repeating: 115, count: 252)
    let body = [0, 0x40, 0xFC] + text + [0xFF, 1, 97]
    return B.little(UInt32(body.count + 11)) + B.little(UInt32(265)) + B.little(UInt16(2)) + body + [0xFF]
  }()

  static let broken: [Broken] =
    [
      Broken("no bytes", [], at: 0),
      Broken("ten bytes", Array(good.prefix(10)), at: 0),
      Broken("a total too small", changed(good, 0, 18), at: 0),
      Broken("a total too large", changed(good, 3, 1), at: 0),
      Broken("a tail beyond the end", changed(good, 4, 19), at: 4),
      Broken("a tail that is not the last entry", changed(good, 4, 13), at: 4),
      Broken("no terminator", changed(good, 18, 0), at: 18),
      Broken("a count too small", changed(good, 8, 2), at: 8),
      Broken("a count too large", changed(good, 8, 4), at: 8),
      Broken("a first prevlen that is not 0", changed(good, 10, 1), at: 10),
      Broken("a prevlen too small", changed(good, 13, 2), at: 13),
      Broken("a prevlen too large", changed(good, 15, 3), at: 15),
      Broken("a prevlen that is the terminator", changed(good, 13, 0xFF), at: 13),
      Broken("a prevlen of 255 in one byte", prevlen255, at: 265),
      Broken("a long prevlen that is cut", [15, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0xFE, 0, 0, 0, 0xFF], at: 10),
      Broken("an entry without an encoding", [12, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0xFF], at: 11),
      Broken("a string over the end", changed(good, 11, 0x3F), at: 12),
      Broken("a 14-bit length that is cut", [13, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0x40, 0xFF], at: 11),
      Broken("a 14-bit length over the end", [14, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0x40, 1, 0xFF], at: 13),
      Broken("a 32-bit length that is cut", [14, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0x80, 0, 0xFF], at: 11),
      Broken(
        "a 32-bit length over the end", [17, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], at: 16),
    ]
    + [0xC0, 0xD0, 0xE0, 0xF0, 0xFE].map {
      Broken("an integer \($0) that is cut", [13, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, $0, 0xFF], at: 11)
    }
    + ([0xC1, 0xCF, 0xD1, 0xE1, 0xEF, 0xFF] as [UInt8]).map {
      Broken("an encoding \($0)", [14, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, $0, 0, 0xFF], at: 11)
    }

  @Test("is refused where it is wrong", arguments: broken)
  func refused(_ broken: Broken) {
    let error = #expect(throws: RDBError.self) { try items(ziplist: broken.bytes) }
    #expect(error?.code == .corruptZiplist)
    #expect(error?.offset == 1000)
    #expect(error?.innerOffset == broken.inner)
  }
}

@Suite("An intset")
struct IntsetTests {
  private func integers(_ bytes: [UInt8]) throws -> [Int64] {
    let span = bytes.span
    let intset = try Intset(span.bytes, at: 1000)
    return (0..<intset.count).map { intset.value(at: $0) }
  }

  private static func intset<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
    B.little(UInt32(MemoryLayout<T>.size)) + B.little(UInt32(values.count)) + values.flatMap { B.little($0) }
  }

  @Test("has integers of each width, at both ends")
  func widths() throws {
    #expect(try integers(Self.intset([Int16.min, -1, 0, 1, .max])) == [-32768, -1, 0, 1, 32767])
    #expect(try integers(Self.intset([Int32.min, -1, 0, 1, .max])) == [-1 << 31, -1, 0, 1, (1 << 31) - 1])
    #expect(try integers(Self.intset([Int64.min, -1, 0, 1, .max])) == [.min, -1, 0, 1, .max])
    #expect(try integers([2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 2, 0, 0x2C, 1]) == [1, 2, 300])
  }

  static let broken: [Broken] = [
    Broken("no bytes", [], at: 0),
    Broken("seven bytes", [2, 0, 0, 0, 0, 0, 0], at: 0),
    Broken("a width of 0", [0, 0, 0, 0, 0, 0, 0, 0], at: 0),
    Broken("a width of 3", [3, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1], at: 0),
    Broken("a width of 2^31", [0, 0, 0, 0x80, 1, 0, 0, 0, 1, 1], at: 0),
    Broken("no integers", [2, 0, 0, 0, 0, 0, 0, 0], at: 4),
    Broken("more integers than bytes", [2, 0, 0, 0, 2, 0, 0, 0, 1, 0], at: 4),
    Broken("fewer integers than bytes", [2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0], at: 4),
    Broken("a count of 2^32-1", [8, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0], at: 4),
  ]

  @Test("is refused where it is wrong", arguments: broken)
  func refused(_ broken: Broken) {
    let error = #expect(throws: RDBError.self) { try integers(broken.bytes) }
    #expect(error?.code == .corruptIntset)
    #expect(error?.offset == 1000)
    #expect(error?.innerOffset == broken.inner)
  }
}

@Suite("A zipmap")
struct ZipmapTests {
  private func pairs(_ bytes: [UInt8]) throws -> [[String]] {
    let span = bytes.span
    var zipmap = try Zipmap(span.bytes, at: 1000)
    var pairs: [[String]] = []
    func text(_ span: RawSpan) -> String { span.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
    while !zipmap.isAtEnd {
      let field = text(try zipmap.field())
      pairs.append([field, text(try zipmap.value())])
    }
    try zipmap.finish(count: pairs.count)
    return pairs
  }

  /// 02 03 foo 03 00 bar 05 hello 05 00 world FF
  static let good: [UInt8] =
    [2, 3] + Array("foo".utf8) + [3, 0] + Array("bar".utf8) + [5] + Array("hello".utf8) + [5, 0]
    + Array("world".utf8) + [0xFF]

  @Test("is as the worked example")
  func example() throws {
    #expect(try pairs(Self.good) == [["foo", "bar"], ["hello", "world"]])
    #expect(try pairs(changed(Self.good, 0, 254)) == [["foo", "bar"], ["hello", "world"]])
  }

  @Test("has lengths of one byte up to 253, of five from 254", arguments: [0, 1, 252, 253, 254, 255, 300])
  func lengths(_ count: Int) throws {
    let text = [UInt8](repeating: 115, count: count)
    let length = count < 254 ? [UInt8(count)] : [0xFE] + B.little(UInt32(count))
    let string = String(decoding: text, as: UTF8.self)
    // Three free bytes after the value.
    let bytes = [1] + length + text + length + [3] + text + [9, 9, 9, 0xFF]
    #expect(try pairs(bytes) == [[string, string]])
  }

  static let broken: [Broken] = [
    Broken("no bytes", [], at: 0),
    Broken("one byte", [0xFF], at: 0),
    Broken("no pairs", [0, 0xFF], at: 0),
    Broken("no terminator", changed(good, good.count - 1, 0), at: 23),
    Broken("a terminator in the middle", changed(good, 10, 0xFF), at: 10),
    Broken("a count too small", changed(good, 0, 1), at: 0),
    Broken("a count too large", changed(good, 0, 3), at: 0),
    Broken("a field over the end", changed(good, 1, 200), at: 2),
    Broken("a value over the end", changed(good, 5, 200), at: 7),
    Broken("free bytes over the end", changed(good, 6, 200), at: 10),
    Broken("a value whose length is the terminator", changed(good, 5, 0xFF), at: 5),
    Broken("a long length that is cut", [1, 0xFE, 0, 0, 0, 0xFF], at: 1),
    Broken("a long length over the end", [1, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0xFF], at: 6),
    Broken("a field without a value", [1, 1, 97, 0xFF], at: 3),
    Broken("a value without a count of free bytes", [1, 1, 97, 0, 0xFF], at: 4),
  ]

  @Test("is refused where it is wrong", arguments: broken)
  func refused(_ broken: Broken) {
    let error = #expect(throws: RDBError.self) { try pairs(broken.bytes) }
    #expect(error?.code == .corruptZipmap)
    #expect(error?.offset == 1000)
    #expect(error?.innerOffset == broken.inner)
  }
}
