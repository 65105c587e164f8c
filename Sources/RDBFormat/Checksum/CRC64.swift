import CChecksum

/// CRC-64/Jones as Redis computes it: reflected, polynomial `0xAD93D23594C935A9`, initial value 0.
///
/// Uses carry-less multiplication if the processor has it (512, 256 or 128 bits wide), else tables; the choice is made at
/// run time. Source: `crc64` in Redis `src/crc64.c`; the check value of `123456789` is
/// `0xE9C6D914C4B8D9CA`.
@usableFromInline package struct CRC64: Sendable {
  /// The checksum of the bytes so far.
  @usableFromInline package private(set) var value: UInt64

  @usableFromInline package init() { self.init(value: 0) }
  @usableFromInline package init(value: UInt64) { self.value = value }

  /// Continues over `bytes`.
  @usableFromInline package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = rdb_crc64(value, start, bytes.count)
  }

  /// Continues over `bytes`.
  @usableFromInline package mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Returns the checksum of two byte sequences joined, from the checksum of each.
  ///
  /// - Complexity: O(log `secondByteCount`).
  @usableFromInline package static func combine(_ first: UInt64, _ second: UInt64, secondByteCount: UInt64) -> UInt64 {
    rdb_crc64_combine(first, second, secondByteCount)
  }
}
