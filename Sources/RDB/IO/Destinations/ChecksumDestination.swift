package import RDBFormat

/// A destination that computes the CRC-64 of all bytes it passes on to another one.
package final class ChecksumDestination: ByteDestination {
  private let next: any ByteDestination
  /// The checksum of the bytes so far.
  package private(set) var crc = CRC64()

  /// Creates a destination.
  package init(_ next: any ByteDestination) { self.next = next }

  package func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    crc.update(bytes)
    crc.update(more)
    try next.write(bytes, followedBy: more)
  }
}
