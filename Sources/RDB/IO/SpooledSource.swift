import RDBFormat
import RDBSupport

/// The whole content of a pipe or a decompressor in a temporary file, which can be read at any offset.
package final class SpooledSource: ByteSource, SharedSource {
  private let file: TemporaryFile
  private let byteCount: UInt64
  private var position: UInt64 = 0
  /// The error at which the content ends early: of a compressed input that is damaged.
  package let failure: RDBError?

  /// Reads a source to its end.
  ///
  /// - Parameter endsEarly: Whether an error of the source counts as its end.
  /// - Throws: ``RDBError``: another error of the source, or one of the temporary file.
  package init(_ source: any ByteSource, endsEarly: (RDBError) -> Bool) throws(RDBError) {
    var failure: RDBError?
    var byteCount: UInt64 = 0
    do {
      let file = try TemporaryFile()
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      while true {
        let count: Int
        do {
          count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
        } catch {
          let error = RDBError.transfer("read", error, at: Int(clamping: byteCount))
          guard endsEarly(error) else { throw error }
          failure = error
          break
        }
        if count == 0 { break }
        try file.write(buffer.span.bytes.extracting(first: count), at: byteCount)
        byteCount += UInt64(count)
      }
      self.file = file
    } catch let error as SystemError {
      throw RDBError(error)
    } catch {
      throw RDBError.transfer("read", error, at: Int(clamping: byteCount))
    }
    (self.failure, self.byteCount) = (failure, byteCount)
  }

  package var totalByteCount: UInt64? { byteCount }
  package var canSeek: Bool { true }
  package var canShare: Bool { true }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try read(at: position, into: buffer)
    position += UInt64(count)
    return count
  }

  package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard offset < byteCount else { return 0 }
    let count = Int(clamping: min(UInt64(buffer.count), byteCount - offset))
    try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    return count
  }

  package func skip(_ byteCount: UInt64) { position += byteCount }
}
