public import RDBFormat
import RDBSupport

/// A temporary file without a name, for bytes that were read ahead.
@usableFromInline
final class SpoolFile {
  private let descriptor: Int32
  @usableFromInline private(set) var byteCount: UInt64 = 0

  /// Creates the file in the folder of `TMPDIR`, or in `/tmp`.
  @usableFromInline init() throws(RDBError) {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var path = Array("\(folder)/swift-rdb.XXXXXX".utf8CString)
    descriptor = path.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
    guard descriptor >= 0 else { throw .system("create a temporary file in \(folder)", offset: 0) }
    unlink(path)
  }

  deinit { close(descriptor) }

  @usableFromInline func append(_ bytes: UnsafeRawBufferPointer) throws(RDBError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(byteCount))
      if written < 0 {
        if errno == EINTR { continue }
        throw .system("write to a temporary file", offset: Int(byteCount))
      }
      byteCount += UInt64(written)
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    while true {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      if count >= 0 { return count }
      if errno != EINTR { throw .system("read a temporary file", offset: Int(offset)) }
    }
  }

  func removeAll() {
    if byteCount > 0 { _ = ftruncate(descriptor, 0) }
    byteCount = 0
  }
}

/// A source that lets a reader look ahead in a pipe. Bytes that were read ahead wait in a spool file.
///
/// ``read(at:into:)`` works from the current position on, not before it.
final class SpoolingSource: ByteSource {
  private let base: any ByteSource
  private var spool: SpoolFile?
  /// The number of spooled bytes that ``read(into:)`` has returned.
  private var replayed: UInt64 = 0
  /// The offset of the next byte of ``read(into:)``.
  private var position: UInt64 = 0

  init(_ base: any ByteSource) { self.base = base }

  var totalByteCount: UInt64? { base.totalByteCount }
  /// Always `false`: the source reads forward only, and its size is not that of a file.
  var canSeek: Bool { false }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var count = 0
    if let spool, replayed < spool.byteCount {
      count = try spool.read(at: replayed, into: buffer)
      replayed += UInt64(count)
      if replayed == spool.byteCount {
        spool.removeAll()
        replayed = 0
      }
    } else {
      count = try base.read(into: buffer)
    }
    position += UInt64(count)
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    precondition(offset >= position)
    if spool == nil { spool = try SpoolFile() }
    guard let spool else { return 0 }
    let start = replayed + (offset - position)
    while start >= spool.byteCount {
      let count = try base.read(into: buffer)
      if count == 0 { return 0 }
      try spool.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    return try spool.read(at: start, into: buffer)
  }
}
