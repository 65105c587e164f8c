/// A temporary file without a name, written and read at given offsets.
///
/// The operating system frees the space when the last reference to the file is gone, also after a crash.
package final class TemporaryFile: Sendable {
  private let descriptor: Int32

  /// Creates an empty file.
  ///
  /// - Parameter folder: The folder of the file; `nil`: the folder in the environment variable `TMPDIR`, else `/tmp`.
  package init(folder: String? = nil) throws(SystemError) {
    let folder = folder ?? Folder.temporary
    var path = Array("\(folder)/swift-rdb.XXXXXX".utf8CString)
    descriptor = path.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
    guard descriptor >= 0 else { throw SystemError("create a temporary file in \(folder)", offset: 0, code: errno) }
    unlink(path)
  }

  deinit { close(descriptor) }

  /// Writes all bytes at `offset`.
  package func write(_ bytes: RawSpan, at offset: UInt64) throws(SystemError) {
    try bytes.withUnsafeBytes { bytes throws(SystemError) in
      var done = 0
      while done < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
        if count < 0 {
          if errno == EINTR { continue }
          throw SystemError("write to a temporary file", offset: offset + UInt64(done), code: errno)
        }
        done += count
      }
    }
  }

  /// Removes all bytes, so that the operating system frees their space.
  package func removeAll() { _ = ftruncate(descriptor, 0) }

  /// Reads `count` bytes from `offset` on.
  ///
  /// - Throws: ``SystemError``, with the code 0 if the file has fewer bytes.
  package func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount throws(SystemError) in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initializedCount = count
    }
  }

  /// Fills `target` with bytes from `offset` on.
  ///
  /// - Throws: ``SystemError``, with the code 0 if the file has fewer bytes.
  package func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SystemError) {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw SystemError("read a temporary file", offset: offset + UInt64(done), code: count < 0 ? errno : 0)
      }
      done += count
    }
  }
}
