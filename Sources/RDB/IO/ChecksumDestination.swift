import RDBFormat

/// A destination in front of another that computes the CRC64 of all that passes.
final class ChecksumDestination: ByteDestination {
  private let next: any ByteDestination
  private(set) var crc = CRC64()

  init(_ next: any ByteDestination) { self.next = next }

  func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) throws(RDBError) {
    crc.update(first)
    crc.update(second)
    try next.write(first, second)
  }
}
