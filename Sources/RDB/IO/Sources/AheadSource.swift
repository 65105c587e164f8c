import RDBFormat

/// A source that reads another source from an offset on. The position of the other source does not change.
package final class AheadSource: ByteSource, SharedSource {
  private let source: any ByteSource
  private var position: UInt64

  /// Creates a source.
  ///
  /// - Parameters:
  ///   - source: A source that can seek.
  ///   - offset: The offset of the first byte to read.
  package init(_ source: any ByteSource, from offset: UInt64) {
    self.source = source
    position = offset
  }

  public var totalByteCount: UInt64? { source.totalByteCount }
  public var canSeek: Bool { source.canSeek }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(at: position, into: buffer)
    position += UInt64(count)
    return count
  }

  package var canShare: Bool { source.shared != nil }

  package func skip(_ byteCount: UInt64) { position += byteCount }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try source.read(at: offset, into: buffer)
  }
}
