/// Computes the hash slot of a key in a cluster.
///
/// The slot is the CRC16 (XMODEM) of the hash tag, or of the whole name if there is none, modulo 16,384. The hash tag is
/// the text between the first `{` and the next `}`, if it is not empty. Source: `keyHashSlot` in Redis `src/cluster.c`.
package struct HashSlots: Sendable {
  package static let count = 16_384
  /// Four tables of 256 numbers. Table *n* has the CRC16 of each byte with *n* zero bytes after it.
  private static let table: [UInt16] = {
    var table: [UInt16] = (0..<256).map { byte in
      (0..<8).reduce(UInt16(byte) << 8) { crc, _ in crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    }
    for index in 256..<1024 {
      let before = table[index - 256]
      table.append(before << 8 ^ table[Int(before >> 8)])
    }
    return table
  }()

  private let table: [UInt16]

  package init() { table = Self.table }

  package func slot(of name: RawSpan) -> Int {
    if let tag = Self.tag(of: name) { return slot(ofHashed: tag) }
    return slot(ofHashed: name)
  }

  /// Returns the slot of a hash tag, or of a name without one.
  package func slot(ofHashed bytes: RawSpan) -> Int { Int(checksum(bytes) & 0x3FFF) }

  /// Returns the CRC16 of bytes.
  ///
  /// - Parameter crc: The CRC16 of the bytes before them.
  package func checksum(_ bytes: RawSpan, after crc: UInt16 = 0) -> UInt16 {
    table.withUnsafeBufferPointer { table in
      var crc = crc
      var index = 0
      // The CRC16 is linear: that of four bytes is the sum of each byte's own, with zeros in place of the others.
      while index &+ 4 <= bytes.byteCount {
        let four =
          UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt32.self)) ^ UInt32(crc) << 16
        crc =
          table[768 &+ Int(four >> 24)] ^ table[512 &+ Int(four >> 16 & 0xFF)] ^ table[256 &+ Int(four >> 8 & 0xFF)]
          ^ table[Int(four & 0xFF)]
        index &+= 4
      }
      while index < bytes.byteCount {
        let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        crc = crc << 8 ^ table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ byte)]
        index &+= 1
      }
      return crc
    }
  }

  /// Returns the hash tag of a name, or `nil` if there is none.
  @_lifetime(copy name)
  package static func tag(of name: RawSpan) -> RawSpan? {
    guard let start = index(of: UInt8(ascii: "{"), in: name, from: 0),
      let end = index(of: UInt8(ascii: "}"), in: name, from: start + 1), end > start + 1
    else { return nil }
    return name.extracting(start + 1..<end)
  }

  private static func index(of byte: UInt8, in name: RawSpan, from start: Int) -> Int? {
    name.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, start < bytes.count,
        let found = memchr(base + start, Int32(byte), bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}
