public import RDBFormat
import RDBSupport

/// Where the bytes of a snapshot come from: a file, a pipe, a socket, memory, a decompressor.
///
/// Called once per window, not per byte. One thread at a time.
public protocol ByteSource: AnyObject {
  /// Reads at least 1 and at most `buffer.count` bytes into `buffer`, waiting for them.
  ///
  /// - Returns: How many; 0: the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int

  /// All bytes from the first to the end, where that is known.
  var totalByteCount: UInt64? { get }

  /// Whether ``read(at:into:)`` works.
  var canSeek: Bool { get }

  /// Reads at an offset without moving the place that ``read(into:)`` reads from. Like `pread`.
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int

  /// Whether ``skip(_:)`` works, and several threads may call ``read(at:into:)``, also while another reads
  /// on: then each worker reads its own long strings.
  var canShare: Bool { get }

  /// Steps over `byteCount` bytes, which must be there.
  func skip(_ byteCount: UInt64) throws(RDBError)
}

extension ByteSource {
  public var totalByteCount: UInt64? { nil }
  public var canSeek: Bool { false }
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError)
    -> Int
  {
    throw RDBError(.io, at: Int(offset), expected: "a seekable input", found: "one that is not")
  }
  public var canShare: Bool { false }
  public func skip(_ byteCount: UInt64) throws(RDBError) {
    throw RDBError(.io, at: 0, expected: "an input that is shared", found: "one that is not")
  }
}

/// A file, a pipe or a socket by its descriptor.
public final class FileSource: ByteSource {
  public let descriptor: Int32
  private let closes: Bool
  private var position: UInt64 = 0
  /// Where the descriptor stood when it was handed over; offsets count from there.
  private let start: UInt64
  public let totalByteCount: UInt64?
  public let canSeek: Bool

  /// Reads from an open descriptor, from where it stands.
  ///
  /// - Parameter closes: Whether to close it at the end.
  public init(descriptor: Int32, closes: Bool = false) {
    self.descriptor = descriptor
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
  /// - Throws: ``RDBError`` (`io`, with `systemError`).
  public convenience init(path: String) throws(RDBError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", offset: 0) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw RDBError(
        .io, at: 0, expected: "a file", found: "a directory", systemError: EISDIR)
    }
    self.init(descriptor: descriptor, closes: true)
  }

  deinit { if closes { close(descriptor) } }

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
      throw .system("read", offset: Int(position))
    }
  }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError)
    -> Int
  {
    guard canSeek else {
      throw RDBError(.io, at: Int(offset), expected: "a seekable input", found: "a pipe")
    }
    while true {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(start + offset))
      if count >= 0 { return count }
      if errno != EINTR { throw .system("read", offset: Int(offset)) }
    }
  }

  public var canShare: Bool { canSeek }

  public func skip(_ byteCount: UInt64) throws(RDBError) {
    guard lseek(descriptor, off_t(byteCount), SEEK_CUR) >= 0 else {
      throw .system("seek", offset: Int(position))
    }
    position += byteCount
  }
}

/// Bytes in memory, as a source; for tests and small snapshots.
public final class MemorySource: ByteSource {
  private let bytes: [UInt8]
  private var position = 0
  /// No single read returns more than this many bytes.
  private let readLimit: Int
  public let canSeek: Bool
  public var totalByteCount: UInt64? { canSeek ? UInt64(bytes.count) : nil }

  /// - Parameters:
  ///   - readLimit: The most that one read returns, to behave like a slow pipe.
  ///   - canSeek: `false` behaves like a pipe: no size, no seeking.
  public init(_ bytes: [UInt8], readLimit: Int = .max, canSeek: Bool = true) {
    self.bytes = bytes
    self.readLimit = readLimit
    self.canSeek = canSeek
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    let count = min(buffer.count, readLimit, bytes.count - position)
    bytes.withUnsafeBytes { source in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[position..<position + count]))
    }
    position += count
    return count
  }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError)
    -> Int
  {
    guard canSeek else {
      throw RDBError(.io, at: Int(offset), expected: "a seekable input", found: "a pipe")
    }
    guard offset < UInt64(bytes.count) else { return 0 }
    let count = min(buffer.count, bytes.count - Int(offset))
    bytes.withUnsafeBytes { source in
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: source[Int(offset)..<Int(offset) + count]))
    }
    return count
  }

  public var canShare: Bool { canSeek }

  public func skip(_ byteCount: UInt64) { position += Int(byteCount) }
}

extension RDBError {
  /// What the operating system said to the call `name` just now.
  @inline(never)
  public static func system(_ name: String, offset: Int) -> RDBError {
    let number = errno
    return RDBError(
      number == EPIPE ? .outputClosed : .io, at: offset, expected: "\(name) to succeed",
      found: String(cString: strerror(number)), systemError: number)
  }
}
