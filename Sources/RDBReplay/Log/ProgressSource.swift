import RDB
import RDBSupport

/// A source that counts the bytes read.
final class ProgressSource: ByteSource {
  private let base: any ByteSource
  private let progress: ByteCounter

  init(_ base: any ByteSource, _ progress: ByteCounter) { (self.base, self.progress) = (base, progress) }

  var totalByteCount: UInt64? { base.totalByteCount }
  var canSeek: Bool { base.canSeek }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try base.read(into: buffer)
    progress.add(UInt64(count))
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try base.read(at: offset, into: buffer)
  }
}
