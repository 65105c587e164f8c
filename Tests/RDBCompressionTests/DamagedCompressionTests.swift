import RDB
import RDBCompression
import RDBFormat
import TestSupport
import Testing

@Suite("Damaged compressed input")
struct DamagedCompressionTests {
  static let bytes =
    Fixture.named("redis-7.2.6/empty").bytes
    + [UInt8](repeating: 7, count: 50) + Fixture.named("redis-2.4.18/empty").bytes

  @Test("Ends with an error that tells the offset, wherever it is cut", arguments: Compressor.allCases)
  func cut(_ compressor: Compressor) {
    let compressed = compressor.compress(Self.bytes)
    for count in 4..<compressed.count {
      for readLimit in [1, Int.max] {
        let error = errorOf {
          try decompressed(Array(compressed[..<count]), readLimit: readLimit)
        }
        if compressor == .lz4Legacy, count == 4 {
          // A legacy frame has no end mark: this is one without blocks.
          #expect(error == nil)
          continue
        }
        #expect(error?.code == .truncated, "cut to \(count): \(String(describing: error))")
        #expect(error?.found.contains("byte \(count)") == true, "\(String(describing: error))")
        #expect((error?.offset ?? .max) <= Self.bytes.count)
      }
    }
  }

  @Test("Never reads as a whole snapshot when it is cut", arguments: Compressor.allCases)
  func cutSnapshot(_ compressor: Compressor) throws {
    let compressed = compressor.compress(Fixture.named("redis-7.2.6/empty").bytes)
    for count in 0..<compressed.count {
      let error = errorOf {
        let input = try DecompressingSource(MemorySource(Array(compressed[..<count]), canSeek: false))
        var reader = RDBReader(input)
        var sink = NoSink()
        try reader.read(into: &sink)
      }
      #expect(error != nil, "cut to \(count)")
    }
  }

  @Test("Ends with an error, or gives the same bytes, with any bit flipped", arguments: [Compressor.gzip, .zstd, .lz4])
  func flipped(_ compressor: Compressor) {
    var compressed = compressor.compress(Self.bytes)
    var unnoticed = 0
    for place in 0..<compressed.count {
      for bit in 0..<8 {
        compressed[place] ^= 1 << UInt8(bit)
        var result: [UInt8] = []
        let error = errorOf { result = try decompressed(compressed, readLimit: 5) }
        compressed[place] ^= 1 << UInt8(bit)
        if place < 4, error == nil { continue }
        if let error {
          #expect(
            [.corruptCompression, .truncated, .trailingBytes, .refused].contains(error.code), "\(error)")
        } else {
          unnoticed += 1
          #expect(result == Self.bytes, "bit \(bit) of byte \(place)")
        }
      }
    }
    // gzip's header has a time and other bytes that nothing depends on; the others have next to none.
    #expect(unnoticed <= (compressor == .gzip ? 8 * 8 : 8))
  }

  @Test("Ends with an error for a wrong checksum", arguments: [Compressor.gzip, .zstd, .lz4])
  func checksum(_ compressor: Compressor) {
    var compressed = compressor.compress(Self.bytes)
    let place = compressor == .gzip ? compressed.count - 8 : compressed.count - 4
    compressed[place] ^= 0x10
    let error = errorOf { try decompressed(compressed) }
    #expect(error?.code == .corruptCompression, "\(String(describing: error))")
    #expect(error?.found.contains(" of the compressed input") == true)
  }

  @Test("Throws the same error when it is read again", arguments: Compressor.allCases)
  func sticky(_ compressor: Compressor) throws {
    let compressed = compressor.compress(Self.bytes)
    let source = try DecompressingSource(MemorySource(Array(compressed.dropLast())))
    let first = errorOf { try contents(of: source) }
    let second = errorOf { try contents(of: source) }
    #expect(first?.code == .truncated)
    #expect(first?.description == second?.description)
  }

  @Test("Ends with an error for noise after the first bytes", arguments: Compressor.allCases)
  func noise(_ compressor: Compressor) {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let start = compressor.compress([1, 2, 3]).prefix(Int.random(in: 4...10, using: &generator))
      let noise = (0..<Int.random(in: 1...5000, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let error = errorOf { try decompressed(start + noise) }
      #expect(error != nil, "seed \(seed)")
    }
  }

  @Test("Refuses a zstd window above the limit, and reads it under a higher limit")
  func window() throws {
    var generator = SeededGenerator(seed: 3)
    let bytes = (0..<300_000).map { _ in UInt8.random(in: 0...3, using: &generator) }
    let compressed = zstdCompressed(bytes, windowLog: 24)
    let error = errorOf {
      try contents(of: DecompressingSource(MemorySource(compressed), windowLimit: 8 << 20))
    }
    #expect(error?.code == .refused)
    #expect(error?.expected.contains("at most 8 MiB") == true, "\(String(describing: error))")
    #expect(
      try contents(of: DecompressingSource(MemorySource(compressed), windowLimit: 16 << 20)) == bytes)
    for limit in [0, 1, UInt64.max] {
      _ = errorOf {
        try contents(of: DecompressingSource(MemorySource(compressed), windowLimit: limit))
      }
    }
  }

  @Test(
    "Refuses to give more than the limit of bytes per compressed byte, after 256 MiB",
    arguments: [Compressor.gzip, .zstd])
  func ratio(_ compressor: Compressor) throws {
    let byteCount = 257 << 20
    let compressed = compressor.compress([UInt8](repeating: 0, count: byteCount))
    func count(ratioLimit: Int) throws -> Int {
      let source = try DecompressingSource(MemorySource(compressed), ratioLimit: UInt64(ratioLimit))
      var piece = [UInt8](repeating: 0, count: 1 << 20)
      var count = 0
      while case let more = try piece.withUnsafeMutableBytes({ try source.read(into: $0) }), more > 0 { count += more }
      return count
    }
    let error = errorOf { try count(ratioLimit: 500) }
    #expect(error?.code == .ratioTooHigh)
    #expect((256 << 20...257 << 20).contains(error?.offset ?? 0))
    #expect(try count(ratioLimit: byteCount / compressed.count + 1) == byteCount)
  }

  @Test("Does not decompress what the decompressed input compresses", arguments: Compressor.allCases)
  func nested(_ compressor: Compressor) {
    let twice = compressor.compress(compressor.compress(Self.bytes))
    #expect(
      errorOf {
        var reader = RDBReader(try DecompressingSource(MemorySource(twice)))
        var sink = NoSink()
        try reader.read(into: &sink)
      }?.code == .notRDB)
  }

  @Test("Decompresses only the bytes that the reader asks for", arguments: Compressor.allCases)
  func bomb(_ compressor: Compressor) throws {
    let compressed = compressor.compress([UInt8](repeating: 0, count: 40 << 20))
    #expect(compressed.count < 1 << 20)
    let source = try DecompressingSource(MemorySource(compressed))
    var small: [UInt8] = [1, 1, 1]
    let count = try small.withUnsafeMutableBytes { try source.read(into: $0) }
    #expect(count > 0 && small.prefix(count).allSatisfy { $0 == 0 })
    #expect(
      errorOf {
        var reader = RDBReader(try DecompressingSource(MemorySource(compressed)))
        var sink = NoSink()
        try reader.read(into: &sink)
      }?.code == .notRDB)
  }
}
