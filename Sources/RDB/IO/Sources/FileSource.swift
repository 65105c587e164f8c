import RDBSupport
public import RDBFormat

/// A file, a pipe or a socket as a source.
public final class FileSource: ByteSource, SharedSource {
  /// The file descriptor that is read from.
  package let descriptor: Int32
  /// The path of the file, if it was opened by its path.
  private let path: String?
  private let closes: Bool
  private var position: UInt64 = 0
  /// The descriptor's position when the source was created. Offsets count from there.
  private let start: UInt64
  /// The number of bytes from the first one to the end of a regular file; `nil` for pipes and sockets.
  public let totalByteCount: UInt64?
  /// Whether the descriptor is a regular file.
  public let canSeek: Bool

  /// Creates a source that reads from an open descriptor, beginning at its current position.
  ///
  /// - Parameters:
  ///   - descriptor: The descriptor of a file, pipe or socket that is open for reading.
  ///   - closes: Whether to close the descriptor with the source.
  public convenience init(descriptor: Int32, closes: Bool = false) {
    self.init(descriptor, closes: closes, path: nil)
  }

  private init(_ descriptor: Int32, closes: Bool, path: String?) {
    self.descriptor = descriptor
    self.path = path
    self.closes = closes
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    let here = isRegular ? lseek(descriptor, 0, SEEK_CUR) : -1
    canSeek = here >= 0
    start = here >= 0 ? UInt64(here) : 0
    totalByteCount =
      here >= 0 && status.st_size >= here ? UInt64(status.st_size) - UInt64(here) : nil
    #if os(Linux)
      if here >= 0 { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }
    #endif
  }

  /// Opens the file at `path` for reading.
  ///
  /// - Throws: ``RDBError`` (`io`) with `systemError` and `path`.
  public convenience init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw RDBError.system("open", offset: 0, path: path) }
    try self.init(opened: descriptor, path: path)
  }

  /// Opens the file whose name has these bytes, which need not be UTF-8.
  ///
  /// - Throws: ``RDBError`` (`io`) with `systemError` and `path`.
  package convenience init(pathBytes: [UInt8]) throws {
    let name = String(decoding: pathBytes, as: UTF8.self)
    let descriptor = (pathBytes + [0]).withUnsafeBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { open($0.baseAddress!, O_RDONLY | O_CLOEXEC) }
    }
    guard descriptor >= 0 else { throw RDBError.system("open", offset: 0, path: name) }
    try self.init(opened: descriptor, path: name)
  }

  private convenience init(opened descriptor: Int32, path: String) throws {
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw RDBError(
        .io, at: 0, expected: "a file", found: "a directory", systemError: EISDIR, path: path)
    }
    self.init(descriptor, closes: true, path: path)
  }

  deinit { if closes { close(descriptor) } }

  /// Reads the bytes that follow those of the previous call, waiting for the first of them.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    while true {
      #if canImport(Darwin)
        let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
      #elseif canImport(Musl)
        let count = Musl.read(descriptor, buffer.baseAddress, buffer.count)
      #else
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 {
        position += UInt64(count)
        return count
      }
      if errno == EINTR { continue }
      if errno == EAGAIN || errno == EWOULDBLOCK {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&waiting, 1, -1)
        continue
      }
      throw .system("read", offset: Int(position), path: path)
    }
  }

  /// Reads bytes at `offset`. The position of ``read(into:)`` stays.
  ///
  /// - Throws: ``RDBError`` (`io`), also for a pipe.
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError)
    -> Int
  {
    guard canSeek else {
      throw RDBError(.io, at: Int(offset), expected: "a seekable input", found: "a pipe")
    }
    while true {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(start + offset))
      if count >= 0 { return count }
      if errno != EINTR { throw .system("read", offset: Int(offset), path: path) }
    }
  }

  /// Whether threads may share the source: all regular files.
  package var canShare: Bool { canSeek }

  /// Moves the position of ``read(into:)`` forward by `byteCount` bytes.
  package func skip(_ byteCount: UInt64) throws(RDBError) {
    guard lseek(descriptor, off_t(byteCount), SEEK_CUR) >= 0 else {
      throw .system("seek", offset: Int(position), path: path)
    }
    position += byteCount
  }
}
