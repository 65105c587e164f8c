public import RDB
import RDBFormat
import RDBSupport

/// What tells a dump from every other file, and from itself before it was written anew: found without
/// reading more of it than a few blocks.
public struct DumpIdentity: Hashable, Sendable {
  /// What stands for the dump's content.
  public enum Content: Hashable, Sendable {
    /// The checksum it stores, and the offset behind it.
    case checksum(UInt64, end: UInt64)
    /// It stores none: a checksum of 64 blocks of 4 KiB, evenly spread.
    case sample(UInt64)
  }

  public var byteCount: UInt64
  /// When the file was last modified: seconds, and nanoseconds below a second.
  public var modified: (seconds: Int64, nanoseconds: UInt32) {
    (modifiedSeconds, modifiedNanoseconds)
  }
  var modifiedSeconds: Int64
  var modifiedNanoseconds: UInt32
  public var content: Content

  init(byteCount: UInt64, modified seconds: Int64, _ nanoseconds: UInt32, _ content: Content) {
    (self.byteCount, modifiedSeconds, modifiedNanoseconds) = (byteCount, seconds, nanoseconds)
    self.content = content
  }

  /// - Parameters:
  ///   - file: Can seek; from its first byte.
  ///   - end: What a reader of the whole file found.
  /// - Throws: ``RDBError`` (`io`).
  public init(of file: FileSource, end: SnapshotEnd) throws(RDBError) {
    if case .verified(let checksum) = end.checksum {
      try self.init(of: file) { _ throws(RDBError) in .checksum(checksum, end: end.byteCount) }
    } else {
      try self.init(of: file, like: .sample(0))
    }
  }

  /// The identity that `file` has now, its content told in the way of `content`.
  ///
  /// - Throws: ``RDBError`` (`io`).
  init(of file: FileSource, like content: Content) throws(RDBError) {
    try self.init(of: file) { byteCount throws(RDBError) in
      switch content {
      case .checksum(_, let end):
        guard (8...byteCount).contains(end) else { return .checksum(0, end: end) }
        var stored: UInt64 = 0
        try Self.read(8, at: end - 8, of: file) { stored = $0.loadUnaligned(as: UInt64.self) }
        return .checksum(UInt64(littleEndian: stored), end: end)
      case .sample: return .sample(try Self.sample(of: file, byteCount))
      }
    }
  }

  private init(of file: FileSource, _ content: (UInt64) throws(RDBError) -> Content) throws(RDBError) {
    var status = stat()
    guard file.canSeek, fstat(file.descriptor, &status) == 0 else { throw .system("stat", offset: 0) }
    byteCount = UInt64(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    (modifiedSeconds, modifiedNanoseconds) = (Int64(time.tv_sec), UInt32(truncatingIfNeeded: time.tv_nsec))
    self.content = try content(byteCount)
  }

  private static func sample(of file: FileSource, _ byteCount: UInt64) throws(RDBError) -> UInt64 {
    let (blocks, size): (UInt64, UInt64) = (64, 4096)
    var checksum = CRC64()
    for number in 0..<blocks {
      let last = byteCount - min(byteCount, size)
      let place = last / (blocks - 1) * number + last % (blocks - 1) * number / (blocks - 1)
      try read(Int(min(size, byteCount)), at: place, of: file) { checksum.update($0) }
      if last == 0 { break }
    }
    return checksum.value
  }

  /// Hands out the `count` bytes at `offset`, which the file must have.
  private static func read(
    _ count: Int, at offset: UInt64, of file: FileSource, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(RDBError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 8), alignment: 8)
    defer { buffer.deallocate() }
    var done = 0
    while done < count {
      let got = try file.read(
        at: offset + UInt64(done), into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<count]))
      guard got > 0 else { throw .truncated(at: Int(clamping: offset), expected: UInt64(count), found: done) }
      done += got
    }
    body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }
}
