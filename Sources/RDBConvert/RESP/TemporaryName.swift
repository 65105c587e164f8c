import RDBFormat

/// The name a key is built under when an existing one must stay: in the same hash slot of a cluster, so
/// that it can be renamed.
enum TemporaryName {
  /// - Parameter key: Any bytes.
  static func of(_ key: [UInt8]) -> [UInt8] {
    // Different keys get different names; nobody else uses such.
    var checksum = CRC64()
    checksum.update(key.span.bytes)
    let digits = String(checksum.value, radix: 16)
    let suffix = Array(":swift-rdb-nx:\(digits)".utf8)
    if hashTag(key) != nil { return key + suffix }
    let open = UInt8(ascii: "{")
    let close = UInt8(ascii: "}")
    if !key.isEmpty, !key.contains(close) { return [open] + key + [close] + suffix }
    // The key as a whole cannot be a tag: take a number of the same slot.
    let slot = hashSlot(key)
    let number = (0...).first { hashSlot(Array("\($0)".utf8)) == slot } ?? 0
    return [open] + Array("\(number)".utf8) + [close] + suffix
  }

  /// What stands between the first `{` and the first `}` behind it, if that is not empty.
  static func hashTag(_ key: [UInt8]) -> ArraySlice<UInt8>? {
    guard let open = key.firstIndex(of: UInt8(ascii: "{")),
      let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
    else { return nil }
    return key[(open + 1)..<close]
  }

  /// CRC-16/XMODEM of the tag or the whole key, modulo 16384.
  static func hashSlot(_ key: [UInt8]) -> UInt16 {
    var crc: UInt16 = 0
    for byte in hashTag(key) ?? key[...] {
      crc ^= UInt16(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    }
    return crc & 16_383
  }
}
