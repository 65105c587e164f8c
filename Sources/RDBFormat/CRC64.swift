/// CRC-64/Jones as Redis computes it: reflected, polynomial `0xAD93D23594C935A9`, initial value 0.
///
/// Source: `crc64` in Redis `src/crc64.c`; the check value of `123456789` is `0xE9C6D914C4B8D9CA`.
public struct CRC64: Sendable {
  /// The checksum of the bytes so far.
  public private(set) var value: UInt64

  @inlinable public init() { self.init(value: 0) }
  public init(value: UInt64) { self.value = value }

  /// Continues over `bytes`.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes {
      value ^= UInt64(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x95AC_9329_AC4B_C9B5 : value >> 1 }
    }
  }

  /// Continues over `bytes`.
  public mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { update($0) }
  }
}
