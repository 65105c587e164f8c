import RDB
import RDBFormat
import RDBSupport

/// A fingerprint that ties an index to its dump: the dump's size, modification time and checksum.
///
/// Computing it reads at most 64 blocks of 4 KiB.
package struct DumpIdentity: Hashable, Sendable {
  /// The part of the fingerprint that depends on the bytes of the dump.
  package enum Content: Hashable, Sendable {
    /// The checksum that the dump stores, and the offset of the first byte after it.
    case checksum(UInt64, end: UInt64)
    /// For a dump without a checksum: the CRC64 of 64 blocks of 4 KiB, evenly spread.
    case sample(UInt64)
  }

  /// The size of the dump, in bytes.
  package var byteCount: UInt64
  /// The time of the last modification: whole seconds since 1970.
  var modifiedSeconds: Int64
  /// The time of the last modification: nanoseconds within the second.
  var modifiedNanoseconds: UInt32
  package var content: Content

  init(byteCount: UInt64, modified seconds: Int64, _ nanoseconds: UInt32, _ content: Content) {
    (self.byteCount, modifiedSeconds, modifiedNanoseconds) = (byteCount, seconds, nanoseconds)
    self.content = content
  }

  /// Computes the fingerprint of a dump.
  ///
  /// - Parameters:
  ///   - file: The dump, which must be a regular file, from its first byte on.
  ///   - end: The result of reading the whole dump.
  /// - Throws: ``RDBError`` (`io`).
  package init(of file: FileSource, end: SnapshotEnd) throws(RDBError) {
    if case .verified(let checksum) = end.checksum {
      try self.init(of: file) { _ throws(RDBError) in .checksum(checksum, end: end.endOffset) }
    } else {
      try self.init(of: file, like: .sample(0))
    }
  }

  /// Computes the current fingerprint of a dump for a comparison with an earlier one.
  ///
  /// - Parameter content: The content of the earlier fingerprint, which decides what to read.
  /// - Throws: ``RDBError`` (`io`).
  init(of file: FileSource, like content: Content) throws(RDBError) {
    try self.init(of: file) { byteCount throws(RDBError) in
      switch content {
      case .checksum(_, let end):
        guard (8...byteCount).contains(end) else { return .checksum(0, end: end) }
        let stored = try file.bytes(at: end - 8, count: 8)
        guard stored.count == 8 else { return .checksum(0, end: end) }
        return .checksum(stored.span.bytes.littleEndian(UInt64.self, at: 0), end: end)
      case .sample: return .sample(try Self.sample(of: file, byteCount))
      }
    }
  }

  private init(of file: FileSource, _ content: (UInt64) throws(RDBError) -> Content) throws(RDBError) {
    var status = stat()
    guard file.canSeek, fstat(file.descriptor, &status) == 0 else { throw .system("stat", offset: 0) }
    byteCount = UInt64(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    (modifiedSeconds, modifiedNanoseconds) = (Int64(time.tv_sec), UInt32(truncatingIfNeeded: time.tv_nsec))
    self.content = try content(byteCount)
  }

  private static func sample(of file: FileSource, _ byteCount: UInt64) throws(RDBError) -> UInt64 {
    let (blocks, size): (UInt64, UInt64) = (64, 4096)
    var checksum = CRC64()
    for block in 0..<blocks {
      let last = byteCount - min(byteCount, size)
      let offset = last / (blocks - 1) * block + last % (blocks - 1) * block / (blocks - 1)
      let count = Int(min(size, byteCount))
      let bytes = try file.bytes(at: offset, count: count)
      guard bytes.count == count else {
        throw .truncated(at: Int(clamping: offset), expected: UInt64(count), found: bytes.count)
      }
      bytes.withUnsafeBytes { checksum.update($0) }
      if last == 0 { break }
    }
    return checksum.value
  }

  /// Whether the dump has not been written to between two fingerprints.
  package func isUnmodified(since earlier: DumpIdentity) -> Bool {
    byteCount == earlier.byteCount && hasModificationTime(of: earlier)
  }

  /// Whether the modification times of two fingerprints are the same.
  func hasModificationTime(of other: DumpIdentity) -> Bool {
    modifiedSeconds == other.modifiedSeconds && modifiedNanoseconds == other.modifiedNanoseconds
  }
}

extension FileSource {
  /// Reads `count` bytes from `offset` on, or all bytes up to the end of the file if there are fewer.
  func bytes(at offset: UInt64, count: Int) throws(RDBError) -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount throws(RDBError) in
      let target = UnsafeMutableRawBufferPointer(buffer)
      while initializedCount < count {
        let got = try read(
          at: offset + UInt64(initializedCount),
          into: UnsafeMutableRawBufferPointer(rebasing: target[initializedCount..<count]))
        if got == 0 { return }
        initializedCount += got
      }
    }
  }
}

extension RawSpan {
  /// Returns the little-endian number at an offset.
  ///
  /// - Precondition: The number lies within the span.
  @inline(__always)
  func littleEndian<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number {
    Number(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
  }
}
