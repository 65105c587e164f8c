public import RDBFormat
import RDBSupport

/// A file without a name, for what had to be read before its turn.
@usableFromInline
final class SpoolFile {
  private let descriptor: Int32
  @usableFromInline private(set) var byteCount: UInt64 = 0

  /// Creates it where `TMPDIR` says, or in `/tmp`.
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

/// A pipe that can be looked ahead in: what is read before its turn waits in a spool file.
///
/// ``read(at:into:)`` works from the current position on, never before it.
final class SpoolingSource: ByteSource {
  private let base: any ByteSource
  private var spool: SpoolFile?
  /// How much of the spool has been read in its turn.
  private var replayed: UInt64 = 0
  /// The offset of the next byte in its turn.
  private var position: UInt64 = 0

  init(_ base: any ByteSource) { self.base = base }

  var totalByteCount: UInt64? { base.totalByteCount }
  /// Forward only; so ``totalByteCount`` is not taken for a file's.
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
    let place = replayed + (offset - position)
    while place >= spool.byteCount {
      let count = try base.read(into: buffer)
      if count == 0 { return 0 }
      try spool.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    return try spool.read(at: place, into: buffer)
  }
}
