import RDBFormat
import RDBSupport

/// Storage for bytes that arrive while a reader looks ahead.
///
/// A sink may need data that comes later in the snapshot (``Interest/elementsAfterOutline``,
/// ``Interest/stored(atMost:)``). If the value has not arrived whole, the bytes that arrive meanwhile wait in
/// the spool until the reader returns to them.
public enum Spool: Hashable, Sendable {
  /// Memory, up to `limit` bytes. Values that need more are refused (`valueTooLarge`).
  case memory(limit: Int = 64 << 20)
  /// A temporary file without a name, in the folder of `TMPDIR` or in `/tmp`. Writing it may block.
  case file
  /// None: values that have not arrived whole are refused (`refused`).
  case refuse
}

/// The bytes of a ``Spool``.
@usableFromInline
struct SpoolBuffer: ~Copyable {
  private let kind: Spool
  private var memory: [UInt8] = []
  private var file: SpoolFile?

  init(_ kind: Spool) { self.kind = kind }

  /// The number of bytes in the spool.
  @usableFromInline var byteCount: UInt64 { file?.byteCount ?? UInt64(memory.count) }

  /// - Parameter offset: The offset in the snapshot, for errors.
  @usableFromInline mutating func append(_ bytes: RawSpan, at offset: Int) throws(RDBError) {
    switch kind {
    case .memory(let limit):
      guard bytes.byteCount <= limit - min(limit, memory.count) else {
        throw RDBError(
          .valueTooLarge, at: offset,
          expected: "a value that can be looked through within the \(limit) bytes of the spool",
          found: "a larger one")
      }
      memory.append(bytes)
    case .file:
      let file = if let file { file } else { try SpoolFile() }
      self.file = file
      try file.append(bytes)
    case .refuse:
      throw RDBError(
        .refused, at: offset, expected: "a value that has arrived whole, because there is no spool",
        found: "a part of one")
    }
  }

  /// Copies bytes from `offset` of the spool on into `buffer`.
  ///
  /// - Returns: The number of bytes copied.
  mutating func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    if let file { return try file.read(at: offset, into: buffer) }
    let count = min(buffer.count, memory.count - Int(offset))
    memory.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + count]))
    }
    return count
  }

  mutating func removeAll() {
    file?.removeAll()
    memory = []
  }
}
