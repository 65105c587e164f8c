import RDBFormat
import RDBSupport

/// Single bytes and short ranges of a source that can seek, by their offsets.
///
/// One block of the source is kept, so that offsets near each other cost one read.
package final class SourceBytes {
  private let source: any ByteSource
  private let blockByteCount: Int
  /// The kept block.
  package private(set) var block: [UInt8] = []
  /// The offset of the block's first byte.
  package private(set) var blockOffset: UInt64 = 0
  /// The number of bytes of the source.
  package let byteCount: UInt64

  /// Creates access to a source.
  ///
  /// - Parameters:
  ///   - source: A source that can seek. Its position stays.
  ///   - byteCount: The number of its bytes.
  ///   - blockByteCount: The size of the kept block, in bytes.
  package init(_ source: any ByteSource, byteCount: UInt64, blockByteCount: Int = 256 << 10) {
    (self.source, self.byteCount, self.blockByteCount) = (source, byteCount, blockByteCount)
  }

  /// Returns the byte at `offset`; `nil` at and after the end.
  package func byte(at offset: UInt64) throws(RDBError) -> UInt8? {
    if offset < blockOffset || offset - blockOffset >= UInt64(block.count) {
      guard offset < byteCount else { return nil }
      try load(from: offset)
      if block.isEmpty { return nil }
    }
    return block[Int(offset - blockOffset)]
  }

  /// Returns up to `count` bytes from `offset` on; fewer at the end.
  package func bytes(at offset: UInt64, count: Int) throws(RDBError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let position = offset + UInt64(bytes.count)
      guard try byte(at: position) != nil else { break }
      bytes += block[Int(position - blockOffset)...].prefix(count - bytes.count)
    }
    return bytes
  }

  /// Gives the bytes of a range to `body`, in pieces.
  package func forEachPiece(of range: Range<UInt64>, _ body: (RawSpan) throws -> Void) throws {
    var offset = range.lowerBound
    while offset < range.upperBound {
      if offset < blockOffset || offset - blockOffset >= UInt64(block.count) { try load(from: offset) }
      let first = Int(offset - blockOffset)
      let count = Int(clamping: min(UInt64(block.count - first), range.upperBound - offset))
      guard count > 0 else {
        throw RDBError(
          .truncated, at: Int(clamping: offset), expected: "the bytes that were there before", found: "a shorter file")
      }
      let piece = block
      try body(piece.span.bytes.extracting(first..<first + count))
      offset += UInt64(count)
    }
  }

  /// Keeps the block that begins a little before `offset`, so that steps backward cost no read either.
  private func load(from offset: UInt64) throws(RDBError) {
    let start = offset - min(offset, UInt64(blockByteCount / 16))
    let wanted = Int(clamping: min(UInt64(blockByteCount), byteCount - start))
    let source = source
    var got = 0
    do {
      block = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        while got < wanted {
          let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[got...])
          let read = try source.read(at: start + UInt64(got), into: rest)
          if read == 0 { break }
          got += read
        }
        count = got
      }
    } catch {
      block = []
      throw RDBError.transfer("read", error, at: Int(clamping: start))
    }
    blockOffset = start
    // A file that became shorter meanwhile ends here.
    if offset - start >= UInt64(block.count) { block = [] }
  }
}
