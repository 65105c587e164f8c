import RDBFormat
import RDBSupport

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
    if HashSlots.tag(of: key.span.bytes) != nil { return key + suffix }
    let open = UInt8(ascii: "{")
    let close = UInt8(ascii: "}")
    if !key.isEmpty, !key.contains(close) { return [open] + key + [close] + suffix }
    // The whole key cannot be a hash tag. Use a number with the same slot as the tag.
    let slots = HashSlots()
    let slot = slots.slot(of: key.span.bytes)
    let number = (0...).first { slots.slot(of: Array("\($0)".utf8).span.bytes) == slot } ?? 0
    return [open] + Array("\(number)".utf8) + [close] + suffix
  }
}
