import RDB
import RDBFormat

/// Lets a pipe be read again from its beginning. The bytes that were read are kept in a temporary file.
package final class KeptSource {
  private let base: any ByteSource
  private let kept: TemporaryStream
  private var isOpened = false

  package init(_ base: any ByteSource) throws {
    self.base = base
    kept = try TemporaryStream()
  }

  /// The bytes from the beginning. A source that was opened before must not be read any more.
  package func reopened() throws -> any ByteSource {
    if !isOpened {
      isOpened = true
      return KeepingSource(base, kept)
    }
    // What the former reader left goes to the file too.
    let rest = KeepingSource(base, kept)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while try rest.read(into: buffer) > 0 {}
    try kept.rewind()
    return kept
  }
}

/// Reads a source, and keeps what it read.
private final class KeepingSource: ByteSource {
  private let base: any ByteSource
  private let kept: TemporaryStream

  init(_ base: any ByteSource, _ kept: TemporaryStream) { (self.base, self.kept) = (base, kept) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try base.read(into: buffer)
    try kept.write(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])), followedBy: RawSpan())
    return count
  }
}
