/// Appends bytes to a temporary file through a buffer.
package struct TemporaryFileWriter: ~Copyable {
  /// The file. It has all appended bytes after ``flush()``.
  package let file: TemporaryFile
  private let bufferLimit: Int
  private var buffer: [UInt8] = []
  private var writtenCount: UInt64 = 0

  /// Creates an empty temporary file.
  ///
  /// - Parameters:
  ///   - bufferByteCount: The size of the buffer, in bytes.
  ///   - folder: The folder of the file; `nil`: see ``TemporaryFile``.
  package init(bufferByteCount: Int, folder: String? = nil) throws(SystemError) {
    file = try TemporaryFile(folder: folder)
    bufferLimit = bufferByteCount
    buffer.reserveCapacity(bufferByteCount)
  }

  /// The number of appended bytes.
  package var byteCount: UInt64 { writtenCount + UInt64(buffer.count) }

  /// Appends bytes.
  package mutating func append(_ bytes: RawSpan) throws(SystemError) {
    if bytes.byteCount > bufferLimit - buffer.count { try flush() }
    if bytes.byteCount > bufferLimit {
      try file.write(bytes, at: writtenCount)
      writtenCount += UInt64(bytes.byteCount)
    } else {
      buffer.append(bytes)
    }
  }

  /// Writes the buffered bytes to the file.
  package mutating func flush() throws(SystemError) {
    try file.write(buffer.span.bytes, at: writtenCount)
    writtenCount += UInt64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }
}
