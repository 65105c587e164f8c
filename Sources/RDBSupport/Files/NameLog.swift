/// Byte strings of one worker in a temporary file, each with a number, to be read back by offset.
///
/// An entry is a number (u64), a byte count (u64) and the bytes, in the byte order of the machine.
package struct NameLog: ~Copyable {
  private var writer: TemporaryFileWriter
  static let headerByteCount = 16

  /// Creates an empty log.
  ///
  /// - Parameter folder: The folder of the file; `nil`: see `TemporaryFile`.
  package init(folder: String? = nil) throws(SystemError) {
    writer = try TemporaryFileWriter(bufferByteCount: 256 << 10, folder: folder)
  }

  /// Appends an entry.
  ///
  /// - Returns: The offset of the entry, in bytes.
  package mutating func append(_ bytes: RawSpan, number: UInt64) throws(SystemError) -> UInt64 {
    let offset = writer.byteCount
    let header: InlineArray<2, UInt64> = [number, UInt64(bytes.byteCount)]
    try writer.append(header.span.bytes)
    try writer.append(bytes)
    return offset
  }

  /// Completes the log, so that its entries can be read.
  package consuming func finish() throws(SystemError) -> CompleteNameLog {
    try writer.flush()
    return CompleteNameLog(file: writer.file)
  }
}

/// The entries of a complete ``NameLog``.
package struct CompleteNameLog: Sendable {
  let file: TemporaryFile

  /// Reads the entry at an offset that ``NameLog/append(_:number:)`` returned.
  package func entry(at offset: UInt64) throws(SystemError) -> (number: UInt64, bytes: [UInt8]) {
    let (number, bytes, _) = try beginning(at: offset, limit: .max)
    return (number, bytes)
  }

  /// Reads the beginning of the bytes of an entry.
  ///
  /// - Parameters:
  ///   - offset: An offset that ``NameLog/append(_:number:)`` returned.
  ///   - limit: The most bytes to read.
  /// - Returns: The entry's number, the beginning of its bytes, and the number of all of them.
  package func beginning(
    at offset: UInt64, limit: Int
  ) throws(SystemError) -> (number: UInt64, bytes: [UInt8], byteCount: UInt64) {
    let header = try file.bytes(at: offset, count: NameLog.headerByteCount)
    let number = header.span.bytes.unsafeLoadUnaligned(as: UInt64.self)
    let count = header.span.bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)
    let bytes = try file.bytes(at: offset + UInt64(NameLog.headerByteCount), count: min(Int(count), limit))
    return (number, bytes, count)
  }

  /// Reads bytes of an entry.
  ///
  /// - Parameter offset: The offset of the first byte in the log.
  package func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
    try file.bytes(at: offset, count: count)
  }

  /// The offset of the entry after one of `byteCount` bytes, or with 0 that of the entry's first byte.
  package static func offset(after byteCount: Int, at offset: UInt64) -> UInt64 {
    offset + UInt64(NameLog.headerByteCount + byteCount)
  }
}
