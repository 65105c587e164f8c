import CZstd

/// Decompresses zstd frames with libzstd, which checks the checksum of a frame that has one and skips skippable frames.
final class ZstdDecompressor: Decompressor {
  private let context: OpaquePointer?

  /// - Parameter windowLimit: The largest window, in bytes; rounded down to a power of two.
  init(windowLimit: UInt64) {
    context = ZSTD_createDCtx()
    let bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax)
    let log = 63 - Int32(max(windowLimit, 1).leadingZeroBitCount)
    ZSTD_DCtx_setParameter(
      context, ZSTD_d_windowLogMax, min(max(log, bounds.lowerBound), bounds.upperBound))
  }

  deinit { ZSTD_freeDCtx(context) }

  func begin(_ magic: Magic) throws(DecompressionFailure) {
    if context == nil { throw .noMemory }
  }

  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    throws(DecompressionFailure) -> DecompressionStep
  {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = ZSTD_decompressStream(context, &target, &source)
    if ZSTD_isError(result) != 0 {
      switch ZSTD_getErrorCode(result) {
      case ZSTD_error_frameParameter_windowTooLarge: throw .windowTooLarge
      case ZSTD_error_memory_allocation: throw .noMemory
      default: throw .corrupt(String(cString: ZSTD_getErrorName(result)))
      }
    }
    return DecompressionStep(consumed: source.pos, produced: target.pos, endsMember: result == 0)
  }
}
