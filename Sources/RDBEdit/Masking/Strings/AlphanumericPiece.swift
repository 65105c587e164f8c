/// Up to eight ASCII letters and digits of a string, handled in one machine word: most pieces of most strings.
struct AlphanumericPiece {
  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var evenBytes: UInt64 { 0x00FF_00FF_00FF_00FF }

  var word: MaskedWord
  /// The first byte of each byte's class.
  private let base: UInt64
  private let count: Int

  /// Reads the `count` bytes from `start` on.
  ///
  /// - Returns: `nil` if there is another byte among them.
  @inline(__always)
  init?(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) {
    let used: UInt64 = count == 8 ? ~0 : 1 &<< UInt64(truncatingIfNeeded: count &<< 3) &- 1
    let bytes = Self.load(text, start, count) & used
    let digits = Self.mask(bytes, 0x30, 0x39)
    let (upper, lower) = (Self.mask(bytes, 0x41, 0x5A), Self.mask(bytes, 0x61, 0x7A))
    guard digits | upper | lower == used else { return nil }
    var base = Self.ones &* 0x30 & digits | Self.ones &* 0x41 & upper | Self.ones &* 0x61 & lower
    var radices = Self.ones &* 10 & digits | Self.ones &* 26 & ~digits & used
    var numbers = bytes &- base
    if digits != 0 {
      // The first of several digits stays zero or not zero.
      let before: UInt64 = start > 0 && text[start &- 1] &- 48 <= 9 ? 0xFF : 0
      let after: UInt64 = start &+ count < text.count && text[start &+ count] &- 48 <= 9 ? 0xFF : 0
      let next = digits &>> 8 | after &<< UInt64(truncatingIfNeeded: (count &- 1) &<< 3)
      var first = digits & ~(digits &<< 8 | before) & next & Self.ones
      while first != 0 {
        let one = first & (0 &- first)
        if numbers & (one &* 0xFF) == 0 {
          radices = radices & ~(one &* 0xFF) | one
        } else {
          base &+= one
          radices &-= one
          numbers &-= one
        }
        first ^= one
      }
    }
    self.base = base
    self.count = count
    word = MaskedWord(
      even: numbers & Self.evenBytes, odd: numbers &>> 8 & Self.evenBytes, evenRadices: radices & Self.evenBytes,
      oddRadices: radices &>> 8 & Self.evenBytes, count: UInt64(truncatingIfNeeded: count))
  }

  /// Writes the piece to `target`, which has `room` bytes of the string from there on.
  @inline(__always)
  func write(to target: UnsafeMutableRawPointer, room: Int) {
    let bytes = (word.even | word.odd &<< 8) &+ base
    if count == 8 { return target.storeBytes(of: bytes.littleEndian, as: UInt64.self) }
    if room >= 8 {
      let used: UInt64 = 1 &<< UInt64(truncatingIfNeeded: count &<< 3) &- 1
      let old = UInt64(littleEndian: target.loadUnaligned(as: UInt64.self))
      return target.storeBytes(of: (old & ~used | bytes & used).littleEndian, as: UInt64.self)
    }
    for index in 0..<count {
      target.storeBytes(
        of: UInt8(truncatingIfNeeded: bytes &>> UInt64(truncatingIfNeeded: index &<< 3)), toByteOffset: index,
        as: UInt8.self)
    }
  }

  /// The number of letters or digits from `start` on.
  ///
  /// - Parameter isDigit: Whether digits are counted.
  @inline(__always)
  static func runLength(_ text: UnsafeRawBufferPointer, _ start: Int, isDigit: Bool) -> Int {
    var index = start
    while text.count &- index >= 8 {
      let bytes = load(text, index, 8)
      // The bit of case is set for letters.
      let members = isDigit ? mask(bytes, 0x30, 0x39) : mask(bytes | ones &* 0x20, 0x61, 0x7A)
      if members != ~0 { return index &- start &+ (~members).trailingZeroBitCount &>> 3 }
      index &+= 8
    }
    while index < text.count, isDigit ? text[index] &- 48 <= 9 : (text[index] | 0x20) &- 97 < 26 { index &+= 1 }
    return index &- start
  }

  /// Up to eight bytes, the first one lowest. If `text` has fewer, the others are 0.
  @inline(__always)
  private static func load(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> UInt64 {
    if text.count &- start >= 8 {
      return UInt64(littleEndian: text.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }
    var word: UInt64 = 0
    for index in 0..<count { word |= UInt64(text[start &+ index]) &<< UInt64(truncatingIfNeeded: index &<< 3) }
    return word
  }

  /// 0xFF for each byte from `first` to `last`, which are below 128.
  @inline(__always)
  private static func mask(_ bytes: UInt64, _ first: UInt64, _ last: UInt64) -> UInt64 {
    let low = bytes & (ones &* 0x7F)
    let inside = (low &+ ones &* (0x80 &- first)) & ~(low &+ ones &* (0x7F &- last)) & ~bytes & (ones &* 0x80)
    return (inside &>> 7) &* 0xFF
  }
}
