import RDBSupport

/// A source that keeps all bytes that pass in a temporary file, so that they can be read again.
package final class RecordingSource: ByteSource {
  private let base: any ByteSource
  private let spool: SpoolFile

  /// - Parameter base: A source that cannot seek: a pipe, a decompressor.
  package init(_ base: any ByteSource) throws {
    self.base = base
    spool = try SpoolFile()
  }

  public var totalByteCount: UInt64? { base.totalByteCount }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try base.read(into: buffer)
    try spool.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
    return count
  }

  /// Records the rest of the source. After that, the recording has all of its bytes.
  ///
  /// - Throws: The error of the source, after which the bytes before it can be read again.
  package func readRest() throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while try buffer.withUnsafeMutableBytes({ try read(into: $0) }) > 0 {}
  }

  /// A source that reads the bytes that have passed, from the first one on.
  package var recorded: any ByteSource { RecordedSource(spool) }
}

/// The bytes of a ``RecordingSource``.
private final class RecordedSource: ByteSource, SharedSource {
  private let spool: SpoolFile
  private var position: UInt64 = 0

  init(_ spool: SpoolFile) { self.spool = spool }

  var totalByteCount: UInt64? { spool.byteCount }
  var canSeek: Bool { true }
  var canShare: Bool { true }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try spool.read(at: position, into: buffer)
    position += UInt64(count)
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try spool.read(at: offset, into: buffer)
  }

  func skip(_ byteCount: UInt64) { position += byteCount }
}
