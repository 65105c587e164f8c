import CZstd
import RDBFormat

/// Compresses blocks of bytes, each into one zstd frame with a checksum.
package final class ZstdBlockCompressor {
  private let context: OpaquePointer?
  private let level: Int32

  /// - Parameter level: The level of libzstd; 1 is the fastest of those above 0.
  package init(level: Int32 = 1) {
    context = ZSTD_createCCtx()
    self.level = level
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Appends the compressed form of `bytes`.
  ///
  /// - Throws: ``RDBError`` (`io`) if there is no memory.
  package func compress(_ bytes: RawSpan, onto output: inout [UInt8]) throws(RDBError) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    let bound = ZSTD_compressBound(bytes.byteCount)
    let start = output.count
    var result = 0
    let context = context
    let block = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      result = bytes.withUnsafeBytes { source in
        ZSTD_compress2(context, buffer.baseAddress, bound, source.baseAddress, source.count)
      }
      count = ZSTD_isError(result) == 0 ? result : 0
    }
    guard context != nil, ZSTD_isError(result) == 0 else {
      throw RDBError(.io, at: start, expected: "memory to compress \(bytes.byteCount) bytes", found: "none")
    }
    output += block
  }
}

/// Decompresses blocks of bytes, each one zstd frame.
package final class ZstdBlockDecompressor {
  private let context: OpaquePointer?

  package init() { context = ZSTD_createDCtx() }

  deinit { ZSTD_freeDCtx(context) }

  /// Returns the content of the frames in `bytes`.
  ///
  /// The memory grows with the content, not with a size that a header claims.
  ///
  /// - Parameter byteCount: The size of the content.
  /// - Returns: `nil` if the frames are damaged, or hold fewer or more bytes.
  package func decompress(_ bytes: RawSpan, byteCount: Int) -> [UInt8]? {
    guard let context, ZSTD_isError(ZSTD_DCtx_reset(context, ZSTD_reset_session_only)) == 0 else { return nil }
    // A frame of one block holds at most 128 KiB for a few bytes: this bounds the claim by what the input can back.
    let backed = (bytes.byteCount / 3 + 1).multipliedReportingOverflow(by: 128 << 10)
    guard byteCount >= 0, backed.overflow || byteCount <= backed.partialValue else { return nil }
    var result = 0
    let content = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      result = bytes.withUnsafeBytes { source in
        ZSTD_decompressDCtx(context, buffer.baseAddress, byteCount, source.baseAddress, source.count)
      }
      count = ZSTD_isError(result) == 0 ? result : 0
    }
    return ZSTD_isError(result) == 0 && content.count == byteCount ? content : nil
  }
}
