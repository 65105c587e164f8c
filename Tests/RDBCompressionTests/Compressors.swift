import CLZ4
import CZlib
import CZstd
import RDBCompression

/// The libraries' own compressors, to make what is to be decompressed.
enum Compressor: String, CaseIterable, Sendable, CustomStringConvertible {
  case gzip, zstd, lz4, lz4Legacy

  var description: String { rawValue }

  var format: CompressionFormat {
    switch self {
    case .gzip: .gzip
    case .zstd: .zstd
    case .lz4, .lz4Legacy: .lz4
    }
  }

  /// One member, or one frame, with all the checksums that the format has.
  func compress(_ bytes: [UInt8]) -> [UInt8] {
    switch self {
    case .gzip: gzipped(bytes)
    case .zstd: zstdCompressed(bytes)
    case .lz4: lz4Compressed(bytes)
    case .lz4Legacy: lz4LegacyCompressed(bytes)
    }
  }
}

private func gzipped(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  guard
    deflateInit2_(
      &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { fatalError("deflateInit2") }
  defer { deflateEnd(&stream) }
  var bytes = bytes
  let capacity = Int(deflateBound(&stream, UInt(bytes.count)))
  return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
    bytes.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { fatalError("deflate") }
    }
    count = Int(stream.total_out)
  }
}

private func zstdCompressed(_ bytes: [UInt8]) -> [UInt8] {
  zstdCompressed(bytes) { context, output in
    ZSTD_compress2(context, output.baseAddress, output.count, bytes, bytes.count)
  }
}

/// A frame that announces a window of 2 to the power of `windowLog`, because it does not know its length.
func zstdCompressed(_ bytes: [UInt8], windowLog: Int32) -> [UInt8] {
  zstdCompressed(bytes) { context, output in
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    var rest = 0
    bytes.withUnsafeBytes { all in
      var source = ZSTD_inBuffer(src: all.baseAddress, size: all.count, pos: 0)
      while source.pos < source.size {
        ZSTD_compressStream2(context, &target, &source, ZSTD_e_continue)
      }
      rest = ZSTD_compressStream2(context, &target, &source, ZSTD_e_end)
    }
    return rest == 0 ? target.pos : rest
  }
}

private func zstdCompressed(
  _ bytes: [UInt8], by compress: (OpaquePointer?, UnsafeMutableRawBufferPointer) -> Int
) -> [UInt8] {
  let context = ZSTD_createCCtx()
  defer { ZSTD_freeCCtx(context) }
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  let capacity = ZSTD_compressBound(bytes.count) + 1024
  return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
    count = compress(context, UnsafeMutableRawBufferPointer(output))
    if ZSTD_isError(count) != 0 || count > capacity { fatalError("zstd does not compress") }
  }
}

private func lz4Compressed(_ bytes: [UInt8]) -> [UInt8] {
  var preferences = LZ4F_preferences_t()
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
  preferences.frameInfo.contentSize = UInt64(bytes.count)
  let capacity = LZ4F_compressFrameBound(bytes.count, &preferences)
  return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
    count = LZ4F_compressFrame(
      output.baseAddress, output.count, bytes, bytes.count, &preferences)
    if LZ4F_isError(count) != 0 { fatalError("LZ4F_compressFrame") }
  }
}

private func lz4LegacyCompressed(_ bytes: [UInt8]) -> [UInt8] {
  var frame: [UInt8] = [0x02, 0x21, 0x4C, 0x18]
  for start in stride(from: 0, to: bytes.count, by: 8 << 20) {
    let block = Array(bytes[start..<min(start + 8 << 20, bytes.count)])
    let capacity = Int(LZ4_compressBound(Int32(block.count)))
    let compressed = [CChar](unsafeUninitializedCapacity: capacity) { output, count in
      count = block.withUnsafeBytes { input in
        Int(
          LZ4_compress_default(
            input.bindMemory(to: CChar.self).baseAddress, output.baseAddress, Int32(input.count),
            Int32(capacity)))
      }
    }
    frame += littleEndian(UInt32(compressed.count)) + compressed.map { UInt8(bitPattern: $0) }
  }
  return frame
}

/// A frame that zstd and LZ4 step over.
func skippableFrame(_ content: [UInt8]) -> [UInt8] {
  [0x5A, 0x2A, 0x4D, 0x18] + littleEndian(UInt32(content.count)) + content
}

private func littleEndian(_ value: UInt32) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
