import RDBSupport
public import RDBFormat

/// A file, a pipe or a socket as a destination.
public final class FileDestination: ByteDestination {
  /// The file descriptor that is written to.
  package let descriptor: Int32
  /// The number of bytes written so far.
  package private(set) var byteCount: UInt64 = 0
  /// The path of the file, if it was opened by its path.
  private let path: String?
  private var mustClose: Bool

  /// Creates a destination that writes to an open descriptor at its current position.
  ///
  /// The descriptor stays open.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
    path = nil
    mustClose = false
  }

  /// Creates the file at `path`, or empties it if it exists.
  ///
  /// The file grows as output is written: a program that opens it meanwhile sees a part of the output. To
  /// replace a file at once, write to another name and rename the file when ``close()`` has returned.
  ///
  /// - Throws: ``RDBError`` (`io`) that names the path.
  public init(path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw RDBError.system("open", offset: 0, path: path) }
    self.descriptor = descriptor
    self.path = path
    mustClose = true
  }

  deinit { if mustClose { _ = closeFile(descriptor) } }

  /// Closes a file that was opened by its path.
  ///
  /// A file that is not closed this way is closed with its destination. Some file systems report a full disk
  /// only when a file is closed. Nothing may be written afterward.
  ///
  /// - Throws: ``RDBError`` (`io`).
  public func close() throws {
    guard mustClose else { return }
    mustClose = false
    guard closeFile(descriptor) == 0 else {
      throw RDBError.system("close", offset: Int(byteCount), path: path)
    }
  }

  /// Writes all of `bytes`, then all of `more`, and waits as long as that takes.
  ///
  /// - Throws: ``RDBError`` (`io`, or `outputClosed`).
  public func write(_ bytes: RawSpan, followedBy more: RawSpan) throws(RDBError) {
    try bytes.withUnsafeBytes { (first: UnsafeRawBufferPointer) throws(RDBError) in
      try more.withUnsafeBytes { (second: UnsafeRawBufferPointer) throws(RDBError) in
        try write(first, second)
      }
    }
  }

  private func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) throws(RDBError) {
    var (first, second) = (first, second)
    while first.count + second.count > 0 {
      var pieces = (
        iovec(
          iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
        iovec(
          iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress),
          iov_len: min(second.count, 1 << 30))
      )
      let written = withUnsafePointer(to: &pieces) {
        $0.withMemoryRebound(to: iovec.self, capacity: 2) { writev(descriptor, $0, 2) }
      }
      if written < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN || errno == EWOULDBLOCK {
          var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&waiting, 1, -1)
          continue
        }
        throw .system("write", offset: Int(byteCount), path: path)
      }
      byteCount += UInt64(written)
      let fromFirst = min(written, first.count)
      first = UnsafeRawBufferPointer(rebasing: first[fromFirst...])
      second = UnsafeRawBufferPointer(rebasing: second[(written - fromFirst)...])
    }
  }
}

/// The C function, which a method named `close` hides.
private func closeFile(_ descriptor: Int32) -> Int32 { close(descriptor) }
