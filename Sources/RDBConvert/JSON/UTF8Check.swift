/// A check whether bytes are UTF-8 as in RFC 3629: without overlong forms, surrogates, or values above U+10FFFF.
package enum UTF8Check {
  /// The highest bit of each of eight bytes.
  private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

  /// Returns whether all `count` bytes at `start` are valid.
  ///
  /// - Complexity: O(`count`), sixteen bytes per step for ASCII.
  package static func isValid(_ start: UnsafeRawPointer, _ count: Int) -> Bool {
    var position = 0
    while true {
      position = asciiEnd(start, from: position, count)
      guard position < count else { return true }
      // Text in other scripts rarely has sixteen ASCII bytes in a row, so the next sixteen characters are checked
      // one by one.
      var characters = 0
      while position < count, characters < 16 {
        let length = characterByteCount(start + position, count - position)
        if length == 0 { return false }
        position += length
        characters += 1
      }
    }
  }

  /// Returns a position such that all bytes from `position` up to it are ASCII.
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

  /// Returns the byte count of the character at `start`, or 0 if it is invalid.
  ///
  /// - Parameter available: The number of bytes left, at least 1.
  ///
  ///     0xxxxxxx                                U+0000   – U+007F
  ///     110xxxxx 10xxxxxx                       U+0080   – U+07FF     first C2…DF
  ///     1110xxxx 10xxxxxx 10xxxxxx              U+0800   – U+FFFF     second A0… after E0, …9F after ED
  ///     11110xxx 10xxxxxx 10xxxxxx 10xxxxxx     U+10000  – U+10FFFF   second 90… after F0, …8F after F4
  @inline(__always)
  private static func characterByteCount(_ start: UnsafeRawPointer, _ available: Int) -> Int {
    let first = start.load(as: UInt8.self)
    if first < 0x80 { return 1 }
    if first < 0xC2 || first > 0xF4 { return 0 }
    guard available >= 2 else { return 0 }
    let second = start.load(fromByteOffset: 1, as: UInt8.self)
    guard second & 0b1100_0000 == 0b1000_0000 else { return 0 }
    if first < 0xE0 { return 2 }
    guard available >= 3, isContinuation(start, 2) else { return 0 }
    if first < 0xF0 {
      if first == 0xE0 && second < 0xA0 || first == 0xED && second > 0x9F { return 0 }
      return 3
    }
    guard available >= 4, isContinuation(start, 3) else { return 0 }
    if first == 0xF0 && second < 0x90 || first == 0xF4 && second > 0x8F { return 0 }
    return 4
  }

  @inline(__always)
  private static func isContinuation(_ start: UnsafeRawPointer, _ offset: Int) -> Bool {
    start.load(fromByteOffset: offset, as: UInt8.self) & 0b1100_0000 == 0b1000_0000
  }
}
