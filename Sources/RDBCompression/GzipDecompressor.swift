import CZlib

/// Decompresses gzip members with zlib's `inflate`, which checks the CRC-32 and the length at the end of each.
final class GzipDecompressor: Decompressor {
  /// The stream of zlib, which remembers its address: the allocation must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isOpen = false

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
  }

  deinit {
    if isOpen { inflateEnd(stream) }
    stream.deallocate()
  }

  func begin(_ magic: Magic) throws(DecompressionFailure) {
    if isOpen {
      inflateReset(stream)
      return
    }
    // 15 selects the largest window (32 KiB). Adding 16 accepts only a gzip header and trailer.
    let result = inflateInit2_(
      stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard result == Z_OK else { throw .noMemory }
    isOpen = true
  }

  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    throws(DecompressionFailure) -> DecompressionStep
  {
    let offered = UInt32(clamping: input.count)
    let room = UInt32(clamping: output.count)
    // zlib does not write through `next_in`.
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = offered
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = room
    let result = inflate(stream, Z_NO_FLUSH)
    let step = DecompressionStep(
      consumed: Int(offered - stream.pointee.avail_in),
      produced: Int(room - stream.pointee.avail_out), endsMember: result == Z_STREAM_END)
    switch result {
    case Z_OK, Z_STREAM_END, Z_BUF_ERROR: return step
    case Z_MEM_ERROR: throw .noMemory
    default: throw .corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "error \(result)")
    }
  }
}
