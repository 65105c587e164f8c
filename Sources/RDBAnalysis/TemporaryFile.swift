import RDB
import RDBFormat
import RDBSupport

/// A file without a name, written from its beginning to its end through a buffer, read anywhere.
final class TemporaryFile {
  private let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer
  private var bufferedCount = 0
  private var writtenCount: UInt64 = 0

  /// Creates it in `folder`; else where `TMPDIR` says, or in `/tmp`.
  ///
  /// - Throws: ``RDBError`` (`io`, with `systemError`).
  init(bufferByteCount: Int, folder: String? = nil) throws(RDBError) {
    let folder = folder ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var path = Array("\(folder)/swift-rdb.XXXXXX".utf8CString)
    let made = path.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
    guard made >= 0 else { throw .system("create a temporary file in \(folder)", offset: 0) }
    unlink(path)
    descriptor = made
    buffer = .allocate(byteCount: bufferByteCount, alignment: 64)
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  /// Where the next byte will stand.
  var byteCount: UInt64 { writtenCount + UInt64(bufferedCount) }

  func append(_ bytes: UnsafeRawBufferPointer) throws(RDBError) {
    if bytes.count > buffer.count - bufferedCount { try flush() }
    if bytes.count > buffer.count { return try write(bytes) }
    if let start = bytes.baseAddress {
      (buffer.baseAddress! + bufferedCount).copyMemory(from: start, byteCount: bytes.count)
      bufferedCount += bytes.count
    }
  }

  /// Everything appended can be read from here on.
  func flush() throws(RDBError) {
    let held = UnsafeRawBufferPointer(rebasing: buffer[..<bufferedCount])
    bufferedCount = 0
    try write(held)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(RDBError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(writtenCount))
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("write to a temporary file", offset: Int(writtenCount))
      }
      writtenCount += UInt64(count)
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// The `count` bytes from `offset` on.
  func bytes(at offset: UInt64, count: Int) throws(RDBError) -> [UInt8] {
    var failure: RDBError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      do throws(RDBError) {
        try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        initializedCount = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills `target` from `offset` on; what was appended must have been flushed.
  ///
  /// - Throws: ``RDBError`` (`io`) also where the file ends before.
  func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(RDBError) {
    var done = 0
    while done < target.count {
      let place = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = pread(descriptor, place.baseAddress, place.count, off_t(offset) + off_t(done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .system("read a temporary file", offset: Int(offset)) }
      done += count
    }
  }
}
