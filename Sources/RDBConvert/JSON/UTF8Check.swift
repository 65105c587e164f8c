/// Whether bytes are UTF-8: exactly RFC 3629, without overlong forms, surrogates, or anything above U+10FFFF.
package enum UTF8Check {
  /// The high bits of eight bytes.
  private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

  /// Whether all `count` bytes at `start` are valid.
  ///
  /// - Complexity: O(`count`); sixteen bytes at a time where they are ASCII.
  package static func isValid(_ start: UnsafeRawPointer, _ count: Int) -> Bool {
    var position = 0
    while true {
      position = asciiEnd(start, from: position, count)
      guard position < count else { return true }
      // Text that is not ASCII seldom goes back to it for sixteen bytes: read on character by character.
      var characters = 0
      while position < count, characters < 16 {
        let length = characterByteCount(start + position, count - position)
        if length == 0 { return false }
        position += length
        characters += 1
      }
    }
  }

  /// The first position from `position` on that a check must go on at: all before it is ASCII.
  @inline(__always)
  private static func asciiEnd(_ start: UnsafeRawPointer, from position: Int, _ count: Int) -> Int {
    var position = position
    while position + 16 <= count {
      let first = start.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      let second = start.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self)
      if (first | second) & highBits != 0 { return position }
      position += 16
    }
    return position
  }

  /// The bytes of the valid character at `place`, of which `available` (≥ 1) are there; 0: it is none.
  ///
  ///     0xxxxxxx                                U+0000   – U+007F
  ///     110xxxxx 10xxxxxx                       U+0080   – U+07FF     first C2…DF
  ///     1110xxxx 10xxxxxx 10xxxxxx              U+0800   – U+FFFF     second A0… after E0, …9F after ED
  ///     11110xxx 10xxxxxx 10xxxxxx 10xxxxxx     U+10000  – U+10FFFF   second 90… after F0, …8F after F4
  @inline(__always)
  private static func characterByteCount(_ place: UnsafeRawPointer, _ available: Int) -> Int {
    let first = place.load(as: UInt8.self)
    if first < 0x80 { return 1 }
    if first < 0xC2 || first > 0xF4 { return 0 }
    guard available >= 2 else { return 0 }
    let second = place.load(fromByteOffset: 1, as: UInt8.self)
    guard second & 0b1100_0000 == 0b1000_0000 else { return 0 }
    if first < 0xE0 { return 2 }
    guard available >= 3, isContinuation(place, 2) else { return 0 }
    if first < 0xF0 {
      if first == 0xE0 && second < 0xA0 || first == 0xED && second > 0x9F { return 0 }
      return 3
    }
    guard available >= 4, isContinuation(place, 3) else { return 0 }
    if first == 0xF0 && second < 0x90 || first == 0xF4 && second > 0x8F { return 0 }
    return 4
  }

  @inline(__always)
  private static func isContinuation(_ place: UnsafeRawPointer, _ offset: Int) -> Bool {
    place.load(fromByteOffset: offset, as: UInt8.self) & 0b1100_0000 == 0b1000_0000
  }
}
