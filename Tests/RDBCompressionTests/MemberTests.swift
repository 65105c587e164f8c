import RDB
import RDBCompression
import RDBFormat
import TestSupport
import Testing

@Suite("Several members or frames")
struct MemberTests {
  static let bytes = Fixture.named("redis-7.2.6/hashes").bytes

  /// The bytes in three parts, each compressed for itself; one of them empty.
  static func parts(_ compressor: Compressor) -> [[UInt8]] {
    let third = bytes.count / 3
    return [Array(bytes[..<third]), Array(bytes[third..<2 * third]), [], Array(bytes[(2 * third)...])]
      .map { compressor.compress($0) }
  }

  @Test("are one input", arguments: Compressor.allCases)
  func joined(_ compressor: Compressor) throws {
    let compressed = Array(Self.parts(compressor).joined())
    #expect(try decompressed(compressed) == Self.bytes)
    #expect(try decompressed(compressed, readLimit: 1) == Self.bytes)
    #expect(try decompressed(compressed, readLimit: 7, pieceByteCount: 5) == Self.bytes)
  }

  @Test("may have skippable ones anywhere", arguments: [Compressor.zstd, .lz4, .lz4Legacy], [0, 1, 7, 300_000])
  func skippable(_ compressor: Compressor, _ byteCount: Int) throws {
    let skipped = skippableFrame([UInt8](repeating: 0x28, count: byteCount))
    let compressed = skipped + skipped + Self.parts(compressor).joined(separator: skipped) + skipped
    #expect(try decompressed(Array(compressed)) == Self.bytes)
    if byteCount < 100 {
      #expect(try decompressed(Array(compressed), readLimit: 1, pieceByteCount: 1) == Self.bytes)
    }
    for count in [0, 3, 4, 7, 8, skipped.count - 1, skipped.count] where count >= 4 && count <= skipped.count {
      let error = errorOf { try decompressed(Array(skipped[..<count])) }
      #expect(error?.code == .truncated, "cut to \(count)")
    }
  }

  @Test("legacy and new LZ4, follow each other")
  func mixedLZ4() throws {
    let half = Self.bytes.count / 2
    let first = Array(Self.bytes[..<half])
    let second = Array(Self.bytes[half...])
    for (one, other) in [(Compressor.lz4, Compressor.lz4Legacy), (.lz4Legacy, .lz4)] {
      #expect(try decompressed(one.compress(first) + other.compress(second)) == Self.bytes)
    }
  }

  @Test("of gzip may be followed by zeros", arguments: [1, 3, 4, 5, 511, 600_000])
  func padding(_ byteCount: Int) throws {
    let padded = Compressor.gzip.compress(Self.bytes) + [UInt8](repeating: 0, count: byteCount)
    #expect(try decompressed(padded) == Self.bytes)
    let error = errorOf { try decompressed(padded + [1]) }
    #expect(error?.code == .trailingBytes)
    #expect(error?.found.contains("at byte \(padded.count) ") == true, "\(String(describing: error))")
  }

  @Test("followed by other bytes are refused with the offset of those bytes", arguments: Compressor.allCases)
  func trailing(_ compressor: Compressor) {
    let compressed = compressor.compress(Self.bytes)
    for tail in [[UInt8(ascii: "x")], Array("more of it".utf8), [0, 0, 0, 0x7F]] as [[UInt8]] {
      let error = errorOf { try decompressed(compressed + tail) }
      if compressor == .lz4Legacy, tail.count < 4 {
        #expect(error?.code == .truncated)
      } else if compressor == .gzip, tail[0] == 0 {
        #expect(error?.code == .trailingBytes)
        #expect(error?.found.contains("at byte \(compressed.count + 3) ") == true)
      } else {
        #expect(error?.code == .trailingBytes, "\(String(describing: error))")
        #expect(error?.offset == Self.bytes.count)
        #expect(error?.found.contains("at byte \(compressed.count) ") == true)
      }
    }
  }
}
