import RDB
import RDBFormat
import RDBSupport

/// Bytes in a temporary file: first written, then read from the beginning.
final class TemporaryStream: ByteDestination, ByteSource {
  private static let bufferByteCount = 64 << 10

  private let file: TemporaryFile
  private var buffer: [UInt8] = []
  private var writtenByteCount: UInt64 = 0
  private var readOffset: UInt64 = 0

  init() throws { file = try convertingSystemErrors { () throws(SystemError) in try TemporaryFile() } }

  /// The number of bytes written.
  var byteCount: UInt64 { writtenByteCount + UInt64(buffer.count) }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    buffer.append(bytes)
    buffer.append(more)
    if buffer.count >= Self.bufferByteCount { try flush() }
  }

  private func flush() throws {
    let (bytes, offset) = (buffer, writtenByteCount)
    try convertingSystemErrors { () throws(SystemError) in try file.write(bytes.span.bytes, at: offset) }
    writtenByteCount += UInt64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Begins to read from the first byte.
  func rewind() throws {
    try flush()
    buffer = []
    readOffset = 0
  }

  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = Int(min(UInt64(target.count), writtenByteCount - readOffset))
    try convertingSystemErrors { () throws(SystemError) in
      try file.read(at: readOffset, into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
    }
    readOffset += UInt64(count)
    return count
  }
}
