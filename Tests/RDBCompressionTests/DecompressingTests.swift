import RDB
import RDBCompression
import RDBFormat
import RDBSupport
import TestSupport
import Testing

/// All bytes of a source, read in pieces of at most `pieceByteCount`.
func contents(of source: any ByteSource, pieceByteCount: Int = 64 << 10) throws -> [UInt8] {
  var bytes: [UInt8] = []
  let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 8)
  defer { piece.deallocate() }
  while true {
    let count = try source.read(into: piece)
    if count == 0 { return bytes }
    bytes.append(contentsOf: piece[..<count])
  }
}

/// What a compressed input decompresses to.
func decompressed(_ bytes: [UInt8], readLimit: Int = .max, pieceByteCount: Int = 64 << 10)
  throws -> [UInt8]
{
  let source = MemorySource(bytes, readLimit: readLimit, canSeek: readLimit == .max)
  return try contents(of: DecompressingSource(source), pieceByteCount: pieceByteCount)
}

/// The error that `body` throws; `nil`: none.
func errorOf<T>(_ body: () throws -> T) -> RDBError? {
  do { _ = try body() } catch { return error as? RDBError }
  return nil
}

private func events(of source: any ByteSource, _ interest: Interest, windowByteCount: Int = 1 << 20)
  throws -> [String]
{
  var options = RDBReader.Options()
  options.windowByteCount = windowByteCount
  var reader = RDBReader(source, options: options)
  var sink = RecordingSink(interest: interest)
  try reader.read(into: &sink)
  return sink.log
}

@Suite("A compressed snapshot")
struct DecompressingTests {
  static let small = Fixture.valid.filter { $0.bytes.count <= 20_000 }

  @Test("Decompresses to the original bytes", arguments: Fixture.valid, Compressor.allCases)
  func sameBytes(_ fixture: Fixture, _ compressor: Compressor) throws {
    let bytes = fixture.bytes
    #expect(try decompressed(compressor.compress(bytes)) == bytes)
  }

  @Test("Gives the same events as the snapshot that is not compressed", arguments: small)
  func sameEvents(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let expected = try events(of: MemorySource(bytes), .elementsAfterOutline)
    for compressor in Compressor.allCases {
      let input = try DecompressingSource(MemorySource(compressor.compress(bytes)))
      #expect(input.format == compressor.format)
      #expect(!input.canSeek)
      #expect(try events(of: input, .elementsAfterOutline) == expected, "\(compressor)")
    }
  }

  @Test("Decompresses the same through slow pipes and small buffers", arguments: small, Compressor.allCases)
  func slowPipes(_ fixture: Fixture, _ compressor: Compressor) throws {
    let bytes = fixture.bytes
    let compressed = compressor.compress(bytes)
    #expect(try decompressed(compressed, readLimit: 1) == bytes)
    #expect(try decompressed(compressed, readLimit: 7, pieceByteCount: 1) == bytes)
    #expect(try decompressed(compressed, pieceByteCount: 13) == bytes)
  }

  @Test("Can be read twice where the reader needs a stream's outline", arguments: Compressor.allCases)
  func lookahead(_ compressor: Compressor) throws {
    for fixture in [Fixture.named("redis-7.2.6/all"), .named("valkey-9.1.2/all")] {
      let bytes = fixture.bytes
      for interest in [Interest.stored, .elementsAfterOutline] {
        let input = try DecompressingSource(MemorySource(compressor.compress(bytes), readLimit: 100, canSeek: false))
        #expect(
          try events(of: input, interest, windowByteCount: 64)
            == events(of: MemorySource(bytes), interest))
      }
    }
  }

  @Test("Can be read by several workers", arguments: Compressor.allCases)
  func workers(_ compressor: Compressor) throws {
    let bytes = Fixture.named("redis-7.4.1/all").bytes
    let input = try DecompressingSource(MemorySource(compressor.compress(bytes)))
    var reader = RDBReader(input)
    let result = try reader.fold(threads: 2) { RecordingSink() }
    #expect(result.end != nil)
    #expect(
      try result.summary.values.sorted() == events(of: MemorySource(bytes), .elements).sorted())
  }

  @Test("Comes through a real pipe")
  func realPipe() throws {
    let bytes = Fixture.named("redis-7.2.6/hashes").bytes
    for compressed in Compressor.allCases.map({ $0.compress(bytes) }) + [bytes] {
      try #require(compressed.count < 60_000)
      var ends: [Int32] = [0, 0]
      try #require(pipe(&ends) == 0)
      #expect(write(ends[1], compressed, compressed.count) == compressed.count)
      close(ends[1])
      let input = try DecompressingSource(FileSource(descriptor: ends[0], closes: true))
      #expect(try contents(of: input) == bytes)
    }
  }

  @Test("Counts the compressed bytes that it used", arguments: Compressor.allCases)
  func progress(_ compressor: Compressor) throws {
    let compressed = compressor.compress(Fixture.named("redis-7.2.6/all").bytes)
    let input = try DecompressingSource(MemorySource(compressed))
    #expect(input.progress?.totalByteCount == UInt64(compressed.count))
    #expect(input.compressedByteCount == 0)
    _ = try contents(of: input)
    #expect(input.compressedByteCount == compressed.count)
  }

  @Test("Decompresses inputs larger than every buffer", arguments: Compressor.allCases)
  func large(_ compressor: Compressor) throws {
    var generator = SeededGenerator(seed: 11)
    // 17 MiB: three blocks of a legacy LZ4 frame; half of it noise, half of it repeats.
    var bytes: [UInt8] = []
    while bytes.count < 17 << 20 {
      let run = (0..<512).map { _ in UInt8.random(in: 0...255, using: &generator) }
      bytes += run + run
    }
    let whole = try decompressed(compressor.compress(bytes), pieceByteCount: 1 << 20)
    #expect(whole == bytes)
  }

  /// "swift-rdb\n" four times, by gzip 1.12 (with a file name), zstd 1.5.4, lz4 1.9.4 and lz4 -l.
  @Test(
    "Decompresses the files of the command-line tools",
    arguments: [
      "1f8b08084cb5066b0203706c61696e002b2ecf4c2bd12d4a49e22ac6cb0200b1e54eff28000000",
      "28b52ffd24288500005073776966742d7264620a0100150b1279753be4",
      "04224d186440a714000000af73776966742d7264620a0a0006502d7264620a0000000047b93cdc",
      "02214c1814000000af73776966742d7264620a0a0006502d7264620a",
    ])
  func ofTools(_ hexadecimal: String) throws {
    let digits = Array(hexadecimal)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    let text = Array(String(repeating: "swift-rdb\n", count: 4).utf8)
    #expect(try decompressed(bytes) == text)
  }
}

@Suite("An input that is not compressed")
struct PlainTests {
  @Test("Passes unchanged, and still seeks", arguments: DecompressingTests.small)
  func untouched(_ fixture: Fixture) throws {
    let source = MemorySource(fixture.bytes)
    let input = try DecompressingSource(source)
    #expect(input.source === source)
    #expect(input.format == nil)
    #expect(input.compressedByteCount == nil)
    #expect(input.canSeek && input.canShare && input.totalByteCount == UInt64(fixture.bytes.count))
    #expect(try contents(of: input) == fixture.bytes)
    #expect(try contents(of: source) == [])
  }

  @Test("Loses no byte on a pipe", arguments: [0, 1, 2, 3, 4, 5, 100], [1, 2, 3, 7, .max])
  func pipes(_ byteCount: Int, _ readLimit: Int) throws {
    let bytes = Array(Fixture.named("redis-7.2.6/all").bytes.prefix(byteCount))
    let source = MemorySource(bytes, readLimit: readLimit, canSeek: false)
    #expect(try contents(of: DecompressingSource(source), pieceByteCount: 3) == bytes)
  }

  @Test(
    "Refuses other compressed formats by name",
    arguments: [
      ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]), ("bzip2", [0x42, 0x5A, 0x68, 0x39]),
      ("zip", [0x50, 0x4B, 0x03, 0x04]), ("7z", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
      ("lzip", [0x4C, 0x5A, 0x49, 0x50]),
    ] as [(String, [UInt8])])
  func foreign(_ name: String, _ start: [UInt8]) {
    let error = errorOf {
      _ = try DecompressingSource(MemorySource(start + [0, 0, 0, 0], canSeek: false))
    }
    #expect(error?.code == .notRDB)
    #expect(error?.found.hasPrefix("\(name) data") == true, "\(String(describing: error))")
  }
}
