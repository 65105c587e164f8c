import CLZ4

/// Decompresses a legacy LZ4 frame (`lz4 -l`): a magic number, then blocks until another magic number or the end.
///
///     02 21 4C 18
///     ( u32le compressed byte count · block )*    each of 8 MiB when decompressed, the last one shorter
///
/// The format has no end mark and no checksum. The content itself must show whether it is complete. A snapshot does.
/// Source: LZ4 frame format 1.6, "Legacy frame".
final class LegacyLZ4Decompressor: Decompressor {
  private static let blockByteCount = 8 << 20
  /// The largest compressed size of a block; a larger count is the magic number of the next frame.
  private static let compressedLimit = Int(LZ4_compressBound(Int32(blockByteCount)))

  private enum Stage { case magic, blockHeader, block }
  private var stage = Stage.magic
  private let compressed = UnsafeMutableRawBufferPointer.allocate(
    byteCount: compressedLimit, alignment: 64)
  private var compressedCount = 0
  private var gathered = 0
  private let block = UnsafeMutableRawBufferPointer.allocate(
    byteCount: blockByteCount, alignment: 64)
  private var blockCount = 0
  private var given = 0

  deinit {
    compressed.deallocate()
    block.deallocate()
  }

  var wantedByteCount: Int { stage == .block ? 1 : 4 }
  var mayEndHere: Bool { stage == .blockHeader && given == blockCount }

  func begin(_ magic: Magic) {
    stage = .magic
    (blockCount, given) = (0, 0)
  }

  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    throws(DecompressionFailure) -> DecompressionStep
  {
    if given < blockCount { return give(to: output) }
    switch stage {
    case .magic:
      stage = .blockHeader
      return DecompressionStep(consumed: 4, produced: 0, endsMember: false)
    case .blockHeader:
      // The caller asked for more of a block that is already complete.
      guard input.count >= 4 else {
        return DecompressionStep(consumed: 0, produced: 0, endsMember: false)
      }
      let count = Int(UInt32(littleEndian: input.loadUnaligned(as: UInt32.self)))
      if count > Self.compressedLimit {
        return DecompressionStep(consumed: 0, produced: 0, endsMember: true)
      }
      (compressedCount, gathered, stage) = (count, 0, .block)
      return DecompressionStep(consumed: 4, produced: 0, endsMember: false)
    case .block:
      let consumed = try gather(input)
      var step = give(to: output)
      step.consumed = consumed
      return step
    }
  }

  /// Takes the next bytes of the block, and decompresses the block once it is complete.
  ///
  /// - Returns: The number of bytes taken.
  private func gather(_ input: UnsafeRawBufferPointer) throws(DecompressionFailure) -> Int {
    let part = min(input.count, compressedCount - gathered)
    UnsafeMutableRawBufferPointer(rebasing: compressed[gathered..<gathered + part])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<part]))
    gathered += part
    if gathered == compressedCount {
      let count = LZ4_decompress_safe(
        compressed.baseAddress, block.baseAddress, Int32(compressedCount),
        Int32(Self.blockByteCount))
      if count < 0 { throw .corrupt("a block that does not decompress") }
      (blockCount, given, stage) = (Int(count), 0, .blockHeader)
    }
    return part
  }

  private func give(to output: UnsafeMutableRawBufferPointer) -> DecompressionStep {
    let part = min(output.count, blockCount - given)
    output.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[given..<given + part]))
    given += part
    return DecompressionStep(consumed: 0, produced: part, endsMember: false)
  }
}
