import RDB
import RDBSupport

/// A source that a thread reads ahead, as fast as it can, into a spool.
///
/// The bytes, the end and an error of the source arrive in their order. When the source object is released, its thread ends
/// at its next read.
package final class SpooledSource: ByteSource {
  /// The spool between the thread and the reader.
  package let spool: ByteSpool
  package let totalByteCount: UInt64?

  /// Reads a source ahead.
  ///
  /// - Parameter source: A source that nothing else uses from now on.
  package convenience init(_ source: any ByteSource, limits: ByteSpool.Limits = ByteSpool.Limits()) {
    nonisolated(unsafe) let source = source
    self.init(totalByteCount: source.totalByteCount, limits: limits) { try source.read(into: $0) }
  }

  /// Reads ahead what a closure reads.
  ///
  /// - Parameters:
  ///   - totalByteCount: The number of all bytes, if it is known.
  ///   - pieceByteCount: The size of the buffer of `read`, in bytes.
  ///   - read: Reads as ``ByteSource/read(into:)`` does, on the thread.
  package init(
    totalByteCount: UInt64? = nil, limits: ByteSpool.Limits = ByteSpool.Limits(), pieceByteCount: Int = 256 << 10,
    read: @escaping @Sendable (UnsafeMutableRawBufferPointer) throws -> Int
  ) {
    let spool = ByteSpool(limits: limits)
    (self.spool, self.totalByteCount) = (spool, totalByteCount)
    let isStarted = WorkerThread.detach { Self.copy(pieceByteCount, read, to: spool) }
    if !isStarted { spool.fail(SpoolError.storage(SystemError("start a thread", offset: 0, code: EAGAIN), folder: "")) }
  }

  deinit { spool.cancel() }

  private static func copy(
    _ pieceByteCount: Int, _ read: (UnsafeMutableRawBufferPointer) throws -> Int, to spool: ByteSpool
  ) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 64)
    defer { buffer.deallocate() }
    do {
      while true {
        while !spool.waitForRoom(atMost: .seconds(3600)) {}
        let count = try read(buffer)
        guard count > 0 else { return spool.finish() }
        try spool.add(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
      }
    } catch {
      spool.fail(error)
    }
  }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try spool.read(into: buffer) }

  /// Drops all bytes that wait, and ends the thread at its next read.
  package func cancel() { spool.cancel() }
}
