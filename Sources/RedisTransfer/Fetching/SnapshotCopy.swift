import RDB
import RDBFormat
import RDBSupport

/// A copy of a snapshot, whose checksum is compared on the way.
package struct SnapshotCopy {
  /// The result of the comparison.
  package enum Checksum: Hashable, Sendable {
    case verified
    /// The writer had switched checksums off, or its RDB version has none.
    case absent
    case mismatch(stored: UInt64, computed: UInt64)
  }

  package private(set) var byteCount: UInt64 = 0
  package private(set) var checksum = Checksum.absent
  /// The first bytes, at most nine: `REDIS0011`.
  package private(set) var start: [UInt8] = []

  /// The bytes of the checksum at the end of a snapshot.
  private static let checksumByteCount = 8

  /// Copies all bytes of `source` to `destination`.
  ///
  /// - Parameter note: Called with the number of bytes so far, after each piece.
  /// - Throws: The errors of both.
  package init(
    _ source: any ByteSource, to destination: any ByteDestination, _ note: (UInt64) throws -> Void
  ) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var crc = CRC64()
    // The last bytes so far, which can be the checksum.
    var last: [UInt8] = []
    while true {
      let count = try source.read(into: buffer)
      guard count > 0 else { break }
      let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      try destination.write(RawSpan(_unsafeBytes: piece), followedBy: RawSpan())
      if start.count < 9 { start += piece.prefix(9 - start.count) }
      byteCount += UInt64(count)
      let keptFromBefore = max(0, min(last.count, Self.checksumByteCount - count))
      last.withUnsafeBytes { crc.update(UnsafeRawBufferPointer(rebasing: $0.dropLast(keptFromBefore))) }
      last.removeFirst(last.count - keptFromBefore)
      let summed = max(0, count - Self.checksumByteCount)
      crc.update(UnsafeRawBufferPointer(rebasing: piece[..<summed]))
      last += piece[summed...]
      try note(byteCount)
    }
    guard last.count == Self.checksumByteCount, hasChecksum else { return }
    let stored = last.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    if stored != 0 { checksum = stored == crc.value ? .verified : .mismatch(stored: stored, computed: crc.value) }
  }

  /// Whether the RDB version has a checksum: those of Redis from 5 on, and all of Valkey's.
  private var hasChecksum: Bool {
    guard start.starts(with: "REDIS".utf8), let version = Int(String(decoding: start.dropFirst(5), as: UTF8.self))
    else { return true }
    return version >= 5
  }

  /// Whether the bytes begin as a snapshot of Redis or Valkey does.
  package var isSnapshot: Bool { start.starts(with: "REDIS".utf8) || start.starts(with: "VALKEY".utf8) }
}
