import RDBSupport

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
      try spool.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
    }
    return try spool.read(at: start, into: buffer)
  }
}
