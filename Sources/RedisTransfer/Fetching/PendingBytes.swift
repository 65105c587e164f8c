import RDB
import RDBSupport

/// Bytes of a source that were not read yet.
final class PendingBytes: ByteDestination {
  private var bytes: [UInt8] = []
  private var position = 0

  /// The capacity, in bytes, above which memory is given back when all bytes have been read.
  private static let keptByteCount = 4 << 20

  var isEmpty: Bool { position == bytes.count }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) {
    if isEmpty {
      self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.keptByteCount)
      position = 0
    }
    self.bytes.append(bytes)
    self.bytes.append(more)
  }

  /// Moves bytes into a reader's buffer.
  ///
  /// - Returns: Their number.
  func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, bytes.count - position)
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
    }
    position += count
    return count
  }
}
