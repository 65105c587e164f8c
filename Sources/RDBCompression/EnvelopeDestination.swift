import CLZ4
import CZstd
package import RDB
import RDBFormat

/// A destination that writes a compressed envelope of Valkey 9.2: its header, then one frame of all bytes.
package final class EnvelopeDestination: ByteDestination {
  private let next: any ByteDestination
  private let compressor: any FrameCompressor

  /// Creates a destination, and writes the header.
  ///
  /// - Parameters:
  ///   - format: `lz4` or `zstd`.
  ///   - next: The destination of the envelope.
  package init(_ format: CompressionFormat, to next: any ByteDestination) throws {
    precondition(format != .gzip)
    self.next = next
    compressor = format == .lz4 ? try LZ4FrameCompressor() : try ZstdFrameCompressor()
    try next.write(Envelope.header(format))
  }

  package func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    for part in 0..<2 {
      let span = part == 0 ? bytes : more
      // Pieces, so that the output of a long string is not held as a whole.
      var start = 0
      while start < span.byteCount {
        let end = min(start + (256 << 10), span.byteCount)
        try span.extracting(start..<end).withUnsafeBytes { try next.write(try compressor.compress($0)) }
        start = end
      }
    }
  }

  /// Ends the frame. Call it once, after the last byte.
  package func finish() throws { try next.write(try compressor.finish()) }
}

/// A compressor of one frame.
private protocol FrameCompressor: AnyObject {
  func compress(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8]
  func finish() throws -> [UInt8]
}

private func failure(_ reason: UnsafePointer<CChar>?) -> RDBError {
  RDBError(.io, at: 0, expected: "to compress", found: reason.map { String(cString: $0) } ?? "no memory")
}

private final class LZ4FrameCompressor: FrameCompressor {
  private var context: OpaquePointer?
  private var preferences = LZ4F_preferences_t()
  private var begun = false

  init() throws {
    let result = LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION))
    if LZ4F_isError(result) != 0 { throw failure(LZ4F_getErrorName(result)) }
    preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
  }

  deinit { LZ4F_freeCompressionContext(context) }

  private func output(_ capacity: Int, _ body: (UnsafeMutableRawPointer?) -> Int) throws -> [UInt8] {
    var result = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
      result = body(UnsafeMutableRawPointer(memory.baseAddress))
      count = LZ4F_isError(result) == 0 ? result : 0
    }
    if LZ4F_isError(result) != 0 { throw failure(LZ4F_getErrorName(result)) }
    return bytes
  }

  private func begin() throws -> [UInt8] {
    if begun { return [] }
    begun = true
    return try output(64) { LZ4F_compressBegin(context, $0, 64, &preferences) }
  }

  func compress(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
    let capacity = LZ4F_compressBound(bytes.count, &preferences)
    return try begin()
      + output(capacity) { LZ4F_compressUpdate(context, $0, capacity, bytes.baseAddress, bytes.count, nil) }
  }

  func finish() throws -> [UInt8] {
    let capacity = LZ4F_compressBound(0, &preferences)
    return try begin() + output(capacity) { LZ4F_compressEnd(context, $0, capacity, nil) }
  }
}

private final class ZstdFrameCompressor: FrameCompressor {
  private let context: OpaquePointer

  init() throws {
    guard let context = ZSTD_createCCtx() else { throw failure(nil) }
    self.context = context
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  }

  deinit { ZSTD_freeCCtx(context) }

  func compress(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] { try run(bytes, ZSTD_e_continue) }
  func finish() throws -> [UInt8] { try run(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end) }

  private func run(_ bytes: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective) throws -> [UInt8] {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    var all: [UInt8] = []
    while true {
      var result = 0
      let capacity = ZSTD_CStreamOutSize()
      all += [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
        var target = ZSTD_outBuffer(dst: memory.baseAddress, size: capacity, pos: 0)
        result = ZSTD_compressStream2(context, &target, &input, directive)
        count = target.pos
      }
      if ZSTD_isError(result) != 0 { throw failure(ZSTD_getErrorName(result)) }
      if directive == ZSTD_e_end ? result == 0 : input.pos == input.size { return all }
    }
  }
}
