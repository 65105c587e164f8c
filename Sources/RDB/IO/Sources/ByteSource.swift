import RDBFormat

/// A source of a snapshot's bytes: a file, a pipe, a socket, memory, a decompressor.
///
/// A reader calls it once per window, from one thread at a time. An implementation may throw any error: the
/// reader then throws an ``RDBError`` of code `io` whose `underlying` is the error, or the error itself if it
/// is an `RDBError`.
public protocol ByteSource: AnyObject {
  /// Reads at least 1 and at most `buffer.count` bytes into `buffer`, waiting for the first of them.
  ///
  /// - Parameter buffer: Memory that is valid during the call.
  /// - Returns: The number of bytes read; 0 at the end of the input.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int

  /// The number of bytes from the first one to the end, if it is known. The default is `nil`.
  var totalByteCount: UInt64? { get }

  /// Whether ``read(at:into:)`` works. The default is `false`.
  var canSeek: Bool { get }

  /// Reads bytes at `offset`, like `pread`. The position of ``read(into:)`` stays.
  ///
  /// - Parameters:
  ///   - offset: The offset from the first byte of the input, in bytes.
  ///   - buffer: Memory that is valid during the call.
  /// - Returns: The number of bytes read; 0 at and after the end of the input.
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteSource {
  public var totalByteCount: UInt64? { nil }
  public var canSeek: Bool { false }
  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    throw RDBError(.io, at: Int(offset), expected: "an input that can seek", found: "one that cannot")
  }

  /// The source itself, if several threads can read from it.
  package var shared: (any SharedSource)? {
    guard let shared = self as? any SharedSource, shared.canShare else { return nil }
    return shared
  }
}

/// A source from which several threads can read, so that each worker reads its own long strings.
package protocol SharedSource: ByteSource {
  /// Whether ``skip(_:)`` works, and threads may call ``ByteSource/read(at:into:)`` while another thread calls
  /// ``ByteSource/read(into:)``.
  var canShare: Bool { get }

  /// Moves the position of ``ByteSource/read(into:)`` forward by `byteCount` bytes, all of which exist.
  func skip(_ byteCount: UInt64) throws
}
