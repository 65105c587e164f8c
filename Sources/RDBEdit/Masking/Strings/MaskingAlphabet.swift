/// The classes of bytes and characters. A masked byte stays in its class.
struct MaskingAlphabet: Sendable {
  /// The classes of single bytes. A class of a character of several bytes is ``characters`` plus its range.
  enum Class {
    /// White space, quotes, brackets and the punctuation that structures text: such bytes stay.
    static let kept: UInt8 = 0
    static let lower: UInt8 = 1
    static let upper: UInt8 = 2
    static let digit: UInt8 = 3
    /// A digit from 1 to 9 that begins a number of several digits.
    static let leadingDigit: UInt8 = 4
    /// A zero that begins a sequence of several digits: it stays.
    static let leadingZero: UInt8 = 5
    /// Signs that rarely structure text.
    static let symbol: UInt8 = 6
    static let control: UInt8 = 7
    /// A byte above 127 in a string that is not UTF-8.
    static let high: UInt8 = 8
    /// Punctuation in a string that has no other bytes.
    static let punctuation: UInt8 = 9
    static let characters: UInt8 = 16
  }

  /// A range of characters of several bytes in UTF-8, all of the same length.
  struct CharacterRange: Sendable {
    let first: UInt32
    let count: UInt32
    /// Whether the characters are white space or punctuation, which stay.
    var isKept = false
  }

  /// The class of each byte.
  private(set) var classes = [UInt8](repeating: Class.kept, count: 256)
  /// The number of a byte in its class.
  private(set) var indexes = [UInt8](repeating: 0, count: 256)
  /// The number of bytes of each class.
  private(set) var radices = [UInt16](repeating: 1, count: 64)
  /// The bytes of each class, 128 per class.
  private(set) var bytes = [UInt8](repeating: 0, count: 10 * 128)
  /// The number of a byte in the class of punctuation plus 1; 0: it is not in the class.
  private(set) var punctuation = [UInt8](repeating: 0, count: 256)
  /// Whether all digits may change, so that integers are masked as numbers.
  private(set) var masksIntegers = true
  /// Whether all letters and digits may change.
  private(set) var masksAlphanumerics = true

  /// Creates the classes.
  ///
  /// - Parameter fixed: ASCII bytes that never change and never replace another byte.
  init(fixed: Set<UInt8> = []) {
    let kept = Set(Array(" \t\n\r\",:{}[]()<>/\\=&;.-_@'".utf8))
    var counts = [Int](repeating: 0, count: 10)
    func append(_ byte: UInt8, _ cls: UInt8) {
      bytes[Int(cls) * 128 + counts[Int(cls)]] = byte
      counts[Int(cls)] += 1
    }
    func add(_ members: some Sequence<UInt8>, _ cls: UInt8) {
      for byte in members where !fixed.contains(byte) {
        (classes[Int(byte)], indexes[Int(byte)]) = (cls, UInt8(counts[Int(cls)]))
        append(byte, cls)
      }
    }
    add(UInt8(ascii: "a")...UInt8(ascii: "z"), Class.lower)
    add(UInt8(ascii: "A")...UInt8(ascii: "Z"), Class.upper)
    add(UInt8(ascii: "0")...UInt8(ascii: "9"), Class.digit)
    for byte in UInt8(ascii: "1")...UInt8(ascii: "9") where !fixed.contains(byte) { append(byte, Class.leadingDigit) }
    append(UInt8(ascii: "0"), Class.leadingZero)
    add("!#$%*+?^`|~".utf8, Class.symbol)
    add((0..<32).filter { ![9, 10, 13].contains($0) } + [127], Class.control)
    add(128...255, Class.high)
    for byte in kept.sorted() where !fixed.contains(byte) {
      append(byte, Class.punctuation)
      punctuation[Int(byte)] = UInt8(counts[Int(Class.punctuation)])
    }
    for (cls, count) in counts.enumerated() { radices[cls] = UInt16(max(count, 1)) }
    for (index, range) in Self.ranges.enumerated() {
      radices[Int(Class.characters) + index] = range.isKept ? 1 : UInt16(range.count)
    }
    radices[Int(Self.fourByteClass)] = 4096
    masksAlphanumerics = fixed.allSatisfy { !Self.isAlphanumeric($0) }
    masksIntegers = fixed.allSatisfy { !(48...57).contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool { byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 }

  /// The ranges of characters of two and three bytes, in ascending order, without gaps but for the surrogates.
  static let ranges: [CharacterRange] = [
    // Two bytes: controls and signs, Latin, accents, Greek, Cyrillic, and the others.
    CharacterRange(first: 0x80, count: 0x40, isKept: true), CharacterRange(first: 0xC0, count: 0x190),
    CharacterRange(first: 0x250, count: 0x120), CharacterRange(first: 0x370, count: 0x90),
    CharacterRange(first: 0x400, count: 0x130), CharacterRange(first: 0x530, count: 0x2D0),
    // Three bytes: several scripts, Latin additions, punctuation, signs, kana, signs, Chinese, the others, Hangul.
    CharacterRange(first: 0x800, count: 0x1600), CharacterRange(first: 0x1E00, count: 0x200),
    CharacterRange(first: 0x2000, count: 0x70, isKept: true), CharacterRange(first: 0x2070, count: 0xF90),
    CharacterRange(first: 0x3000, count: 0x40, isKept: true), CharacterRange(first: 0x3040, count: 0xC0),
    CharacterRange(first: 0x3100, count: 0x300), CharacterRange(first: 0x3400, count: 0x6C00),
    CharacterRange(first: 0xA000, count: 0xC00), CharacterRange(first: 0xAC00, count: 0x2C00),
    CharacterRange(first: 0xE000, count: 0x2000),
  ]
  /// The index in the classes of the lower twelve bits of a character of four bytes.
  static let fourByteClass = Class.characters + UInt8(ranges.count)

  /// The class of a character of two or three bytes.
  @inline(never)
  static func characterClass(_ scalar: UInt32) -> UInt8 {
    var index = 0
    while index + 1 < ranges.count, ranges[index + 1].first <= scalar { index += 1 }
    return Class.characters + UInt8(index)
  }
}
