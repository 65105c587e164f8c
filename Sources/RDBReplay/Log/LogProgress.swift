import RDB
import Synchronization

/// The progress of reading a log, which any thread may ask for.
package final class LogProgress: Sendable {
  private let position = Atomic<UInt64>(0)

  /// The number of bytes read so far, of all files.
  package var byteCount: UInt64 { position.load(ordering: .relaxed) }

  package init() {}

  func add(_ byteCount: UInt64) { position.add(byteCount, ordering: .relaxed) }
}

/// A source that counts the bytes read.
final class ProgressSource: ByteSource {
  private let base: any ByteSource
  private let progress: LogProgress

  init(_ base: any ByteSource, _ progress: LogProgress) { (self.base, self.progress) = (base, progress) }

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
