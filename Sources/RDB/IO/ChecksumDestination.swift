import RDBFormat

/// A destination that computes the CRC-64 of all bytes it passes on to another one.
final class ChecksumDestination: ByteDestination {
  private let next: any ByteDestination
  private(set) var crc = CRC64()

  init(_ next: any ByteDestination) { self.next = next }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    crc.update(bytes)
    crc.update(more)
    try next.write(bytes, followedBy: more)
  }
}
