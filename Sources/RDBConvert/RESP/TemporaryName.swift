import RDBFormat

/// Temporary names for keys whose existing value must stay until the new value is complete.
///
/// A temporary name has the hash slot of its key, because a cluster renames keys only within a slot.
enum TemporaryName {
  /// Returns the temporary name of a key.
  static func of(_ key: [UInt8]) -> [UInt8] {
    // The checksum gives different keys different names.
    var checksum = CRC64()
    checksum.update(key.span.bytes)
    let digits = String(checksum.value, radix: 16)
    let suffix = Array(":swift-rdb-nx:\(digits)".utf8)
    if hashTag(key) != nil { return key + suffix }
    let open = UInt8(ascii: "{")
    let close = UInt8(ascii: "}")
    if !key.isEmpty, !key.contains(close) { return [open] + key + [close] + suffix }
    // The whole key cannot be a hash tag. Use a number with the same slot as the tag.
    let slot = hashSlot(key)
    let number = (0...).first { hashSlot(Array("\($0)".utf8)) == slot } ?? 0
    return [open] + Array("\(number)".utf8) + [close] + suffix
  }

  /// Returns the bytes between the first `{` and the next `}`, or `nil` if there are none.
  static func hashTag(_ key: [UInt8]) -> ArraySlice<UInt8>? {
    guard let open = key.firstIndex(of: UInt8(ascii: "{")),
      let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
    else { return nil }
    return key[(open + 1)..<close]
  }

  /// Returns the hash slot of a key: the CRC-16/XMODEM of its hash tag or of the whole key, modulo 16384.
  static func hashSlot(_ key: [UInt8]) -> UInt16 {
    var crc: UInt16 = 0
    for byte in hashTag(key) ?? key[...] {
      crc ^= UInt16(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    }
    return crc & 16_383
  }
}
