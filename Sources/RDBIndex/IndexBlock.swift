import RDBFormat

/// A block of an index file: a checksum, the block's number, and up to 291 entries.
enum IndexBlock {
  static let byteCount = 4096
  static let headerByteCount = 16
  static let entryLimit = (byteCount - headerByteCount) / IndexEntry.byteCount

  /// Returns the size of a block of `count` entries, in bytes; a full block is padded.
  static func byteCount(of count: Int) -> Int {
    count == entryLimit ? byteCount : headerByteCount + count * IndexEntry.byteCount
  }

  /// Returns whether a block has its checksum and its number.
  ///
  /// - Precondition: There are at least 16 bytes.
  static func isIntact(_ block: [UInt8], number: UInt64) -> Bool {
    let span = block.span.bytes
    return span.littleEndian(UInt64.self, at: 8) == number
      && span.littleEndian(UInt64.self, at: 0) == CRC64.checksum(of: block[8...])
  }

  /// Sets the header of a block whose `count` entries are complete. The checksum does not cover the padding.
  static func setHeader(of block: inout [UInt8], number: UInt64, count: Int) {
    store(number, in: &block, at: 8)
    store(CRC64.checksum(of: block[8..<headerByteCount + count * IndexEntry.byteCount]), in: &block, at: 0)
  }

  private static func store(_ number: UInt64, in block: inout [UInt8], at offset: Int) {
    var span = block.mutableSpan
    var bytes = span.mutableBytes
    bytes.storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt64.self)
  }
}
