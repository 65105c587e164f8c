import RDBFormat
import RDBSupport

/// A queue of bytes in a temporary file: bytes are appended, read at any offset, and removed all at once.
final class SpoolFile {
  private let file: TemporaryFile
  private(set) var byteCount: UInt64 = 0

  /// Creates the file in the folder of `TMPDIR`, or in `/tmp`.
  init() throws(RDBError) {
    file = try convertingSystemErrors { () throws(SystemError) in try TemporaryFile() }
  }

  func append(_ bytes: RawSpan) throws(RDBError) {
    do throws(SystemError) { try file.write(bytes, at: byteCount) } catch { throw RDBError(error) }
    byteCount += UInt64(bytes.byteCount)
  }

  /// Copies bytes from `offset` on into `buffer`.
  ///
  /// - Returns: The number of bytes copied: the size of the buffer, or fewer at the end.
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    guard offset < byteCount else { return 0 }
    let count = Int(min(UInt64(buffer.count), byteCount - offset))
    do throws(SystemError) {
      try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    } catch {
      throw RDBError(error)
    }
    return count
  }

  /// Removes all bytes and frees their space.
  func removeAll() {
    if byteCount > 0 { file.removeAll() }
    byteCount = 0
  }
}
