import RDBSupport

/// Byte strings of one worker in a temporary file, each with a number, to be read back by offset.
///
/// An entry is a number (u64), a byte count (u64) and the bytes, in the byte order of the machine.
struct NameLog: ~Copyable {
  private var writer: TemporaryFileWriter
  fileprivate static let headerByteCount = 16

  /// Creates an empty log.
  ///
  /// - Parameter folder: The folder of the file; `nil`: see `TemporaryFile`.
  init(folder: String? = nil) throws(SystemError) {
    writer = try TemporaryFileWriter(bufferByteCount: 256 << 10, folder: folder)
  }

  /// Appends an entry.
  ///
  /// - Returns: The offset of the entry, in bytes.
  mutating func append(_ bytes: RawSpan, number: UInt64) throws(SystemError) -> UInt64 {
    let offset = writer.byteCount
    let header: InlineArray<2, UInt64> = [number, UInt64(bytes.byteCount)]
    try writer.append(header.span.bytes)
    try writer.append(bytes)
    return offset
  }

  /// Completes the log, so that its entries can be read.
  consuming func finish() throws(SystemError) -> CompleteNameLog {
    try writer.flush()
    return CompleteNameLog(file: writer.file)
  }
}

/// The entries of a complete ``NameLog``.
struct CompleteNameLog: Sendable {
  fileprivate let file: TemporaryFile

  /// Reads the entry at an offset that ``NameLog/append(_:number:)`` returned.
  func entry(at offset: UInt64) throws(SystemError) -> (number: UInt64, bytes: [UInt8]) {
    let header = try file.bytes(at: offset, count: NameLog.headerByteCount)
    let number = header.span.bytes.unsafeLoadUnaligned(as: UInt64.self)
    let count = header.span.bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)
    return (number, try file.bytes(at: offset + UInt64(NameLog.headerByteCount), count: Int(count)))
  }
}
