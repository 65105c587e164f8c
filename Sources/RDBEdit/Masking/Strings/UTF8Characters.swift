/// Characters of several bytes in UTF-8, as RFC 3629 defines them.
enum UTF8Characters {
  /// The byte count of the valid character at `index`; 0: there is none.
  static func byteCount(_ text: UnsafeRawBufferPointer, at index: Int) -> Int {
    let first = text[index]
    if first < 0x80 { return 1 }
    guard first >= 0xC2, first <= 0xF4 else { return 0 }
    let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard text.count - index >= count else { return 0 }
    for offset in 1..<count where text[index + offset] & 0xC0 != 0x80 { return 0 }
    let second = text[index + 1]
    switch first {
    case 0xE0: return second >= 0xA0 ? count : 0
    case 0xED: return second <= 0x9F ? count : 0
    case 0xF0: return second >= 0x90 ? count : 0
    case 0xF4: return second <= 0x8F ? count : 0
    default: return count
    }
  }

  /// Whether all bytes are ASCII.
  static func isASCII(_ text: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while text.count &- index >= 8 {
      if text.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
      index &+= 8
    }
    while index < text.count {
      if text[index] >= 0x80 { return false }
      index &+= 1
    }
    return true
  }

  /// Whether all bytes are valid characters.
  static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < text.count {
      let count = byteCount(text, at: index)
      if count == 0 { return false }
      index += count
    }
    return true
  }

  /// The number of the valid character of two or three bytes at `index`.
  static func scalar(_ text: UnsafeRawBufferPointer, at index: Int) -> UInt32 {
    let first = UInt32(text[index])
    let second = UInt32(text[index + 1] & 0x3F)
    if first < 0xE0 { return (first & 0x1F) << 6 | second }
    return (first & 0x0F) << 12 | second << 6 | UInt32(text[index + 2] & 0x3F)
  }

  /// Writes a character of two or three bytes.
  static func write(_ scalar: UInt32, to target: UnsafeMutableRawPointer) {
    let last = UInt8(truncatingIfNeeded: scalar & 0x3F) | 0x80
    let middle = UInt8(truncatingIfNeeded: scalar >> 6)
    if scalar < 0x800 {
      target.storeBytes(of: 0xC0 | middle, as: UInt8.self)
      target.storeBytes(of: last, toByteOffset: 1, as: UInt8.self)
    } else {
      target.storeBytes(of: 0xE0 | UInt8(truncatingIfNeeded: scalar >> 12), as: UInt8.self)
      target.storeBytes(of: 0x80 | middle & 0x3F, toByteOffset: 1, as: UInt8.self)
      target.storeBytes(of: last, toByteOffset: 2, as: UInt8.self)
    }
  }
}
