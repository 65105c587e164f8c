import RDB
import RDBFormat
import RDBSupport

/// A buffer of compressed bytes that have been read but not used yet.
final class CompressedInput {
  private let source: any ByteSource
  private let progress: CompressedProgress
  private let base: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  /// The offset, in the compressed input, of the first unused byte.
  private(set) var offset = 0
  private(set) var reachedEnd = false

  init(_ source: any ByteSource, progress: CompressedProgress, capacity: Int = 256 << 10) {
    self.source = source
    self.progress = progress
    base = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { base.deallocate() }

  var count: Int { end - start }

  /// All unused bytes; valid until the next call of `fill`.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: base[start..<end]) }

  func consume(_ byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= count)
    start += byteCount
    offset += byteCount
    progress.update(offset)
  }

  /// Reads until there are `byteCount` unused bytes, or until the input ends.
  ///
  /// - Parameter byteCount: Far fewer than the capacity.
  func fill(atLeast byteCount: Int) throws(RDBError) {
    guard count < byteCount, !reachedEnd else { return }
    if start > 0 {
      memmove(base.baseAddress!, base.baseAddress! + start, count)
      (start, end) = (0, count)
    }
    while count < byteCount {
      let got: Int
      do {
        got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: base[end...]))
      } catch {
        throw RDBError.transfer("read", error, at: offset)
      }
      if got == 0 {
        reachedEnd = true
        return
      }
      end += got
    }
  }

  /// Skips a skippable frame: a magic number, a `u32le` length, and that many bytes.
  func skipFrame() throws(RDBError) {
    try fill(atLeast: 8)
    guard count >= 8 else { throw truncatedFrame() }
    var rest = Int(
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    consume(8)
    while rest > 0 {
      try fill(atLeast: 1)
      guard count > 0 else { throw truncatedFrame() }
      let part = min(rest, count)
      consume(part)
      rest -= part
    }
  }

  private func truncatedFrame() -> RDBError {
    RDBError(
      .truncated, at: 0, expected: "a whole skippable frame",
      found: "the end of the compressed input at its byte \(offset + count)")
  }

  func noFrameAfterSkippable() -> RDBError {
    RDBError(
      count == 0 ? .truncated : .corruptCompression, at: 0,
      expected: "a zstd or LZ4 frame after the skippable ones",
      found: count == 0
        ? "the end of the compressed input at its byte \(offset)"
        : "\(printable(bytes.prefix(4))) at byte \(offset) of the compressed input")
  }
}
