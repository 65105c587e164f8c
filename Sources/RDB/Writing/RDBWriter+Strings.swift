import RDBFormat
import RDBSupport

/// Lengths and strings.
extension RDBWriter {
  /// The bytes of a SELECTDB record.
  package static func selectDatabase(_ database: UInt64) -> [UInt8] {
    let length: [UInt8] =
      if database < 1 << 6 {
        [UInt8(truncatingIfNeeded: database)]
      } else if database < 1 << 14 {
        [0x40 | UInt8(truncatingIfNeeded: database >> 8), UInt8(truncatingIfNeeded: database)]
      } else if database <= UInt64(UInt32.max) {
        [0x80] + (0..<4).map { UInt8(truncatingIfNeeded: database >> (24 - 8 * $0)) }
      } else {
        [0x81] + (0..<8).map { UInt8(truncatingIfNeeded: database >> (56 - 8 * $0)) }
      }
    return [Opcode.selectDB.rawValue] + length
  }

  /// Writes a length in its shortest form. Source: `rdbSaveLen` in Redis `src/rdb.c`.
  mutating func writeLength(_ length: UInt64) throws(RDBError) {
    try output.reserve(9)
    if length < 1 << 6 {
      output.appendUnchecked(UInt8(truncatingIfNeeded: length))
    } else if length < 1 << 14 {
      output.appendUnchecked(bigEndian: 0x4000 | UInt16(truncatingIfNeeded: length))
    } else if length <= UInt64(UInt32.max) {
      output.appendUnchecked(0x80)
      output.appendUnchecked(bigEndian: UInt32(truncatingIfNeeded: length))
    } else {
      try require(8, for: "lengths of 64 bits")
      output.appendUnchecked(0x81)
      output.appendUnchecked(bigEndian: length)
    }
  }

  /// Writes a string: as an integer, compressed, or as it is. Source: `rdbSaveRawString` in Redis `src/rdb.c`.
  mutating func writeString(_ bytes: RawSpan) throws(RDBError) {
    let count = bytes.byteCount
    if count <= 11, count > 0, let integer = storedInteger(bytes) {
      return try writeInteger(integer)
    }
    if count > 20, let compressor, try writeCompressed(bytes, compressor) { return }
    try writeLength(UInt64(count))
    try output.append(bytes)
  }

  /// The 32-bit integer whose canonical text `bytes` is.
  @inline(__always)
  private func storedInteger(_ bytes: RawSpan) -> Int32? {
    let last = bytes.unsafeLoad(fromByteOffset: bytes.byteCount &- 1, as: UInt8.self)
    guard last &- 48 <= 9, let integer = DecimalText.parseCanonical(bytes) else { return nil }
    return Int32(exactly: integer)
  }

  private mutating func writeInteger(_ integer: Int32) throws(RDBError) {
    try output.reserve(5)
    if let small = Int8(exactly: integer) {
      output.appendUnchecked(0xC0)
      output.appendUnchecked(littleEndian: small)
    } else if let medium = Int16(exactly: integer) {
      output.appendUnchecked(0xC1)
      output.appendUnchecked(littleEndian: medium)
    } else {
      output.appendUnchecked(0xC2)
      output.appendUnchecked(littleEndian: integer)
    }
  }

  /// Writes a compressed string, unless it would not be shorter.
  ///
  /// - Returns: Whether it was written.
  private mutating func writeCompressed(_ bytes: RawSpan, _ compressor: any StringCompressor)
    throws(RDBError) -> Bool
  {
    let room = bytes.byteCount - 4
    compressed.removeAll()
    compressed.reserve(room)
    let target = UnsafeMutableRawBufferPointer(start: compressed.end, count: room)
    let count = compressor.compress(bytes, into: target)
    guard count > 0, count <= room else { return false }
    compressed.advance(by: count)
    try output.append(0xC3)
    try writeLength(UInt64(count))
    try writeLength(UInt64(bytes.byteCount))
    let start = UnsafeRawPointer(compressed.base)
    try output.append(RawSpan(_unsafeStart: start, byteCount: count))
    return true
  }
}
