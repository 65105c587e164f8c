import RDBFormat
import RDBSupport

/// A queue of bytes in a temporary file: bytes are appended, read at any offset, and removed all at once.
package final class SpoolFile {
  private let file: TemporaryFile
  package private(set) var byteCount: UInt64 = 0

  /// Creates the file in the folder of `TMPDIR`, or in `/tmp`.
  package init() throws(RDBError) {
    file = try convertingSystemErrors { () throws(SystemError) in try TemporaryFile() }
  }

  package func append(_ bytes: RawSpan) throws(RDBError) {
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

  /// Gives all bytes to `body`, in pieces.
  package func forEachPiece(_ body: (RawSpan) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var offset: UInt64 = 0
    while offset < byteCount {
      let count = try read(at: offset, into: buffer)
      try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
      offset += UInt64(count)
    }
  }

  /// Removes all bytes and frees their space.
  func removeAll() {
    if byteCount > 0 { file.removeAll() }
    byteCount = 0
  }
}
