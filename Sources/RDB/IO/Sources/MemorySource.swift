public import RDBFormat

/// A source in memory, for tests and small snapshots.
public final class MemorySource: ByteSource, SharedSource {
  private let bytes: [UInt8]
  private var position = 0
  /// The largest number of bytes that one read returns.
  private let readLimit: Int
  /// Whether the source can read at an offset.
  public let canSeek: Bool
  /// The number of bytes; `nil` if the source cannot seek.
  public var totalByteCount: UInt64? { canSeek ? UInt64(bytes.count) : nil }

  /// Creates a source of `bytes`.
  ///
  /// - Parameters:
  ///   - bytes: The bytes that the source returns.
  ///   - readLimit: The largest number of bytes that one read returns. Small limits imitate a slow pipe.
  ///   - canSeek: Whether the source has a size and reads at offsets, as a file does and a pipe does not.
  public init(_ bytes: [UInt8], readLimit: Int = .max, canSeek: Bool = true) {
    self.bytes = bytes
    self.readLimit = readLimit
    self.canSeek = canSeek
  }

  /// Reads the bytes that follow those of the previous call.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    let count = min(buffer.count, readLimit, bytes.count - position)
    bytes.withUnsafeBytes { source in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[position..<position + count]))
    }
    position += count
    return count
  }

  /// Reads bytes at `offset`. The position of ``read(into:)`` stays.
  ///
  /// - Throws: ``RDBError`` (`io`), if the source was created without seeking.
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError)
    -> Int
  {
    guard canSeek else {
      throw RDBError(.io, at: Int(offset), expected: "a seekable input", found: "a pipe")
    }
    guard offset < UInt64(bytes.count) else { return 0 }
    let count = min(buffer.count, bytes.count - Int(offset))
    bytes.withUnsafeBytes { source in
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: source[Int(offset)..<Int(offset) + count]))
    }
    return count
  }

  /// Whether threads may share the source.
  package var canShare: Bool { canSeek }

  /// Moves the position of ``read(into:)`` forward by `byteCount` bytes.
  package func skip(_ byteCount: UInt64) { position += Int(byteCount) }
}
