import CLZ4

/// Decompresses LZ4 frames with liblz4, which checks header, block and content checksums and skips skippable frames.
///
/// ``LegacyLZ4Decompressor`` decompresses legacy frames, which liblz4's frame functions do not read.
final class LZ4Decompressor: Decompressor {
  private var context: OpaquePointer?
  private var legacy: LegacyLZ4Decompressor?
  private var isInLegacyFrame = false

  deinit { LZ4F_freeDecompressionContext(context) }

  var wantedByteCount: Int { isInLegacyFrame ? legacy?.wantedByteCount ?? 1 : 1 }
  var mayEndHere: Bool { isInLegacyFrame && legacy?.mayEndHere ?? false }

  func begin(_ magic: Magic) throws(DecompressionFailure) {
    isInLegacyFrame = magic.matches(Magic.legacyLZ4)
    if isInLegacyFrame {
      if legacy == nil { legacy = LegacyLZ4Decompressor() }
      legacy?.begin(magic)
    } else if context == nil {
      let result = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
      if LZ4F_isError(result) != 0 { throw .noMemory }
    }
  }

  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    throws(DecompressionFailure) -> DecompressionStep
  {
    if isInLegacyFrame, let legacy { return try legacy.step(input, into: output) }
    var consumed = input.count
    var produced = output.count
    let result = LZ4F_decompress(
      context, output.baseAddress, &produced, input.baseAddress, &consumed, nil)
    if LZ4F_isError(result) != 0 {
      throw .corrupt(String(cString: LZ4F_getErrorName(result)))
    }
    return DecompressionStep(consumed: consumed, produced: produced, endsMember: result == 0)
  }
}
