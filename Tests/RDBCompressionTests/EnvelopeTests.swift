import RDB
import RDBCompression
import RDBFormat
import TestSupport
import Testing

/// Compressed envelopes of Valkey 9.2.
@Suite("A compressed envelope")
struct EnvelopeTests {
  static let snapshot = Fixture.named("valkey-9.1.2/all").bytes

  static func header(_ fields: [UInt8], _ mark: String = "VKCS") -> [UInt8] { Array(mark.utf8) + fields }

  /// Envelopes of both forms.
  static let envelopes: [[UInt8]] = [
    header([1, 1, 1, 0]) + Compressor.lz4.compress(snapshot),
    header([1, 2, 1, 0]) + Compressor.zstd.compress(snapshot),
    header([1, 2, 0, 1]) + Compressor.zstd.compress(snapshot),
    header([1, 1, 0, 0], "VCS") + Compressor.lz4.compress(snapshot),
    header([1, 1, 1, 1], "VCS") + Compressor.lz4.compress(snapshot),
  ]

  private func events(_ bytes: [UInt8], readLimit: Int, canSeek: Bool, threads: Int) throws -> [String] {
    let source = try DecompressingSource(MemorySource(bytes, readLimit: readLimit, canSeek: canSeek))
    var reader = RDBReader(source)
    return try reader.fold(threads: threads) { RecordingSink() }.summary.values.sorted()
  }

  @Test("Gives the snapshot that it holds, however its bytes arrive", arguments: envelopes.indices)
  func reading(_ index: Int) throws {
    var plain = RDBReader(MemorySource(Self.snapshot))
    let expected = try plain.fold(threads: 1) { RecordingSink() }.summary.values.sorted()
    for (limit, canSeek) in [(Int.max, true), (Int.max, false), (1, false), (7, true)] {
      for threads in [1, 2] {
        let found = try events(Self.envelopes[index], readLimit: limit, canSeek: canSeek, threads: threads)
        #expect(found == expected)
      }
    }
  }

  @Test(
    "With an unknown version, codec, flag or kind is refused by name",
    arguments: [
      ([2, 1, 0, 0], "version 2"), ([1, 3, 0, 0], "codec 3"), ([1, 0, 0, 0], "codec 0"), ([1, 1, 2, 0], "flags 2"),
      ([1, 1, 0, 2], "stream kind 2"),
    ] as [([UInt8], String)])
  func unknown(_ fields: [UInt8], _ name: String) {
    let error = #expect(throws: RDBError.self) {
      try DecompressingSource(MemorySource(Self.header(fields) + Compressor.lz4.compress(Self.snapshot)))
    }
    #expect(error?.code == .unsupportedVersion && error?.found == name)
  }

  @Test("That is cut is truncated, at every byte of its header and in its frame")
  func cut() {
    let whole = Self.envelopes[0]
    for end in Array(4..<9) + [whole.count / 2, whole.count - 1] {
      let error = #expect(throws: RDBError.self) {
        _ = try events(Array(whole[..<end]), readLimit: .max, canSeek: true, threads: 1)
      }
      #expect(error?.code == .truncated, "\(end): \(String(describing: error))")
    }
  }

  @Test("Written by a destination, is read again", arguments: [CompressionFormat.lz4, .zstd])
  func writing(_ format: CompressionFormat) throws {
    let output = MemoryDestination()
    let destination = try EnvelopeDestination(format, to: output)
    for start in stride(from: 0, to: Self.snapshot.count, by: 1000) {
      let piece = Array(Self.snapshot[start..<min(start + 1000, Self.snapshot.count)])
      try destination.write(piece.span.bytes, followedBy: RawSpan())
    }
    try destination.finish()
    #expect(output.bytes.starts(with: Self.header([1, format == .lz4 ? 1 : 2, 1, 0])))
    var plain = RDBReader(MemorySource(Self.snapshot))
    let expected = try plain.fold(threads: 1) { RecordingSink() }.summary.values.sorted()
    #expect(try events(output.bytes, readLimit: .max, canSeek: true, threads: 1) == expected)
  }
}
