import RDBFormat
import RDBSupport

/// Temporary names for keys whose existing value must stay until the new value is complete.
///
/// A temporary name has the hash slot of its key, because a cluster renames keys only within a slot. It begins with the
/// name of the key, so that a user who may write the keys of a pattern such as `session:*` may write it too.
///
///     key ":swift-rdb-nx:" checksum of the key ":" attempt, two digits, four characters that choose the slot
package enum TemporaryName {
  /// The attempt of the short-lived key that is written before WAIT.
  package static let unusedAttempt: UInt8 = 0xFF
  /// The number of bytes at the end that differ between the attempts for a key.
  private static let endByteCount = 6

  /// Returns the temporary name of a key.
  ///
  /// - Parameter attempt: The number of times that the key was sent before, where commands of these times may still run.
  package static func of(_ key: [UInt8], attempt: UInt8 = 0) -> [UInt8] {
    // The checksum gives different keys different names.
    var checksum = CRC64()
    checksum.update(key.span.bytes)
    var name = key + Array(":swift-rdb-nx:\(String(checksum.value, radix: 16)):".utf8)
    name.reserveCapacity(name.count + endByteCount)
    for digit in [attempt >> 4, attempt & 15] { name.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    let slots = HashSlots()
    // With a hash tag, each end has the same slot.
    let end = HashSlots.tag(of: key.span.bytes) == nil ? SlotEnds.all.end(of: name.span.bytes, for: key, slots) : 0
    for shift in [12, 8, 4, 0] { name.append(0x40 | UInt8(truncatingIfNeeded: end >> UInt16(shift)) & 15) }
    return name
  }

  /// Returns the range of the attempt and the slot in a temporary name.
  package static func variableRange(of name: [UInt8]) -> Range<Int> { name.count - endByteCount..<name.count }
}

/// The four characters, of 16 possible ones each, that give a name any hash slot.
private struct SlotEnds {
  static let all = SlotEnds()

  /// The first end for each slot of a name that is nothing but the end.
  private var ends = [UInt16](repeating: 0, count: HashSlots.count)

  private init() {
    let slots = HashSlots()
    for end in (UInt16.min...UInt16.max).reversed() {
      let bytes = [12, 8, 4, 0].map { 0x40 | UInt8(truncatingIfNeeded: end >> UInt16($0)) & 15 }
      ends[Int(slots.checksum(bytes.span.bytes) & 0x3FFF)] = end
    }
  }

  /// Returns the end after `start` for the slot of a key without a hash tag.
  ///
  /// CRC16 is linear: the checksum of `start` and an end is that of `start` and four zero bytes, combined with that of the
  /// end.
  func end(of start: RawSpan, for key: [UInt8], _ slots: HashSlots) -> UInt16 {
    let zeros: [UInt8] = [0, 0, 0, 0]
    let before = slots.checksum(zeros.span.bytes, after: slots.checksum(start))
    return ends[Int((before ^ slots.checksum(key.span.bytes)) & 0x3FFF)]
  }
}
