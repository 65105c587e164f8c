import RDBFormat
import TestSupport
import Testing

@Suite("A packed value that is written")
struct PackedWriterTests {
  /// Both ends of every integer encoding, and their neighbours.
  static let integers: [Int64] = {
    let edges: [Int64] = [
      0, 12, 13, 127, 128, 4095, 4096, 32_767, 32_768, 8_388_607, 8_388_608, 2_147_483_647,
      2_147_483_648, .max,
    ]
    return edges.flatMap { [$0, -$0] } + [.min, -1, 1, -129, -4097, -32_769, -8_388_609, -2_147_483_649]
  }()

  /// Around every threshold of lengths, of entries before (ziplist) and of backlens (listpack).
  static let lengths = [
    0, 1, 20, 62, 63, 64, 125, 126, 127, 128, 250, 252, 253, 254, 255, 4093, 4094, 4095, 4096, 16_378,
    16_380, 16_381, 16_382, 16_383, 16_384, 2_097_145, 2_097_146, 2_097_147, 2_097_150,
  ]

  @Test("as a listpack is that of the servers")
  func listpackBytes() throws {
    var writer = ListpackWriter()
    for text in ["a", "1", "-1"] { writer.append(Array(text.utf8).span.bytes) }
    let bytes = try writer.finished().withUnsafeBytes { Array($0) }
    #expect(bytes == [0x0F, 0, 0, 0, 3, 0, 0x81, 0x61, 2, 1, 1, 0xDF, 0xFF, 2, 0xFF])
  }

  @Test("as a ziplist is that of the servers")
  func ziplistBytes() throws {
    var writer = ZiplistWriter()
    for text in ["a", "1", "-1"] { writer.append(Array(text.utf8).span.bytes) }
    let bytes = try writer.finished().withUnsafeBytes { Array($0) }
    #expect(
      bytes == [
        0x13, 0, 0, 0, 0x0F, 0, 0, 0, 3, 0, 0, 1, 0x61, 3, 0xF2, 2, 0xFE, 0xFF, 0xFF,
      ])
  }

  @Test("as a listpack is read back: integers, strings, what only looks like an integer")
  func listpack() throws {
    var writer = ListpackWriter(capacity: 64)
    try Self.roundTrip(&writer, as: Listpack.self)
  }

  @Test("as a ziplist is read back", arguments: [2, 9])
  func ziplist(version: Int) throws {
    var writer = ZiplistWriter(capacity: 64, version: version)
    try Self.roundTrip(&writer, as: Ziplist.self)
  }

  /// Twice in the same writer: nothing of the first use may be left.
  static func roundTrip<W: PackedWriter & ~Copyable, R: PackedCursor & ~Escapable>(
    _ writer: inout W, as: R.Type
  ) throws {
    let texts = integers.map { "\($0)" } + ["007", "-0", "+1", " 1", "1.0", "99999999999999999999", "-"]
    let strings = texts.map { Array($0.utf8) } + lengths.map { [UInt8](repeating: 0x78, count: $0) }
    for pass in 0..<2 {
      writer.removeAll()
      for string in strings { writer.append(string.span.bytes) }
      for integer in integers { writer.append(integer) }
      #expect(writer.count == strings.count + integers.count)
      let byteCount = writer.byteCount
      let blob = try writer.finished().withUnsafeBytes { Array($0) }
      #expect(blob.count == byteCount)
      let read = try entries(blob, as: R.self)
      #expect(read == strings + integers.map { Array("\($0)".utf8) }, "pass \(pass)")
    }
  }

  static func entries<R: PackedCursor & ~Escapable>(_ blob: [UInt8], as: R.Type) throws -> [[UInt8]] {
    var cursor = try R(blob.span.bytes, at: 0)
    var entries: [[UInt8]] = []
    try withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { scratch in
      while !cursor.isAtEnd {
        let entry = try cursor.next()
        entries.append(entry.text(scratch: scratch.baseAddress!).withUnsafeBytes { Array($0) })
      }
    }
    try cursor.finish(count: entries.count)
    return entries
  }

  @Test("has more entries than its header can count")
  func manyEntries() throws {
    var listpack = ListpackWriter()
    var ziplist = ZiplistWriter()
    for number in 0..<70_000 as Range<Int64> {
      listpack.append(number)
      ziplist.append(number)
    }
    let blobs = (
      try listpack.finished().withUnsafeBytes { Array($0) },
      try ziplist.finished().withUnsafeBytes { Array($0) }
    )
    #expect(try Self.entries(blobs.0, as: Listpack.self).count == 70_000)
    #expect(try Self.entries(blobs.1, as: Ziplist.self).count == 70_000)
  }

  @Test(
    "holds scores: integers, fractions, infinities",
    arguments: [
      (0.0, "0"), (-0.0, "-0"), (1.5, "1.5"), (-3, "-3"), (1e300, "1e+300"), (.infinity, "inf"),
      (-.infinity, "-inf"), (4_611_686_018_427_387_904, "4611686018427387904"), (0.1, "0.1"),
    ])
  func scores(score: Double, text: String) throws {
    var writer = ListpackWriter()
    writer.append(score: score)
    let blob = try writer.finished().withUnsafeBytes { Array($0) }
    #expect(try Self.entries(blob, as: Listpack.self) == [Array(text.utf8)])
  }

  @Test(
    "as an intset has the width of its range",
    arguments: [
      (-32_768...32_767, 2), (0...32_768, 4), (-2_147_483_648...0, 4), (0...2_147_483_648, 8),
    ] as [(ClosedRange<Int64>, Int)])
  func intset(range: ClosedRange<Int64>, width: Int) throws {
    var writer = IntsetWriter(range: range)
    try writer.append(range.lowerBound)
    try writer.append(range.upperBound)
    let blob = try writer.finished().withUnsafeBytes { Array($0) }
    #expect(blob.count == 8 + 2 * width)
    let intset = try Intset(blob.span.bytes, at: 0)
    #expect(intset.value(at: 0) == range.lowerBound)
    #expect(intset.value(at: 1) == range.upperBound)
  }

  @Test("as an intset refuses what does not ascend or fit")
  func intsetRefusals() throws {
    var writer = IntsetWriter(range: 0...100)
    try writer.append(5)
    for member: Int64 in [5, 4, 40_000] {
      let error = #expect(throws: RDBError.self) { try writer.append(member) }
      #expect(error?.code == .notRepresentable)
    }
  }
}
