import TestSupport

private typealias B = RDBBytes

/// Lengths, strings, integers of sets.
extension Condition {
  static let strings: [Condition] = [
    Condition("a length prefix of 0x82", 0, [0x82, 0, 0, 0, 0]),
    Condition("a count that begins with 0xBF", 2, [0xBF, 0, 0, 0, 1] + B.string("a")),
    Condition(
      "a count with the mark of an encoded string", 2, [0xC1] + B.string("a"),
      because: "The mark is no number. Servers take its low six bits by accident."),
    Condition("the size of LZF data with the mark of an encoded string", 0, [0xC3, 0xC2, 3, 2, 97, 98, 99]),
    Condition("a string encoding of 4", 0, [0xC4, 1]),
    Condition("a string encoding of 63", 0, [0xFF, 1]),
    Condition("a 14-bit length for one byte", 0, [0x40, 1, 118]),
    Condition("a 32-bit length for one byte", 0, [0x80, 0, 0, 0, 1, 118]),
    Condition("a 64-bit length for one byte", 0, [0x81, 0, 0, 0, 0, 0, 0, 0, 1, 118]),
    Condition("a 32-bit count of one", 2, [0x80, 0, 0, 0, 1] + B.string("a")),
    Condition("a small integer in 32 bits", 0, [0xC2, 5, 0, 0, 0]),
    Condition("digits as text", 0, B.string("5")),
    Condition("a string longer than the file", 0, B.length(1000) + [97, 98, 99]),
    Condition("a string of 2^63-1 bytes that are not there", 0, B.length(UInt64(Int64.max)) + [97, 98, 99]),
    Condition("a string of 2^64-1 bytes that are not there", 0, B.length(.max) + [97, 98, 99]),
    Condition("a string of 1 GiB that is not there", 0, B.length(1 << 30) + [97, 98, 99]),
    Condition("a hash of 2^63+1 fields", 4, B.length(1 << 63 + 1) + B.string("f") + B.string("v")),
    Condition("a set of fewer members than its count", 2, [3] + B.string("a") + B.string("b")),
    Condition("LZF data for more than can come of them", 0, [0xC3, 3, 0x80, 0, 0, 1, 0x50, 1, 97, 97]),
    Condition("LZF data that end inside a literal", 0, [0xC3, 2, 6, 5, 97]),
    Condition("LZF data for more bytes than announced", 0, [0xC3, 3, 1, 1, 97, 97]),
    Condition("LZF data for fewer bytes than announced", 0, [0xC3, 3, 3, 1, 97, 97]),
    Condition("an LZF reference to before the start", 0, [0xC3, 2, 5, 0x20, 0]),
    Condition("LZF data of no bytes", 0, [0xC3, 0, 0]),
    Condition("LZF data of no bytes for one byte", 0, [0xC3, 0, 1]),
    Condition(
      "LZF data of two bytes for none", 0, [0xC3, 2, 0, 0, 97],
      because: "The byte would be lost. Servers do not compare the size in this one case."),
    Condition("an LZF reference that is cut", 0, [0xC3, 1, 5, 0x20]),
    Condition("a long LZF reference that is cut", 0, [0xC3, 4, 0x20, 0, 97, 0xE0, 5]),
    Condition("broken LZF data in a field of a hash", 4, [1] + B.string("f") + [0xC3, 2, 5, 0x20, 0]),
  ]

  private static func intset(_ width: UInt32, _ count: UInt32, _ bytes: [UInt8]) -> [UInt8] {
    B.string(B.little(width) + B.little(count) + bytes)
  }

  static let intsets: [Condition] = [
    Condition("an intset of seven bytes", 11, B.string([2, 0, 0, 0, 1, 0, 0])),
    Condition("an intset of integers of three bytes", 11, intset(3, 1, [1, 2, 3])),
    Condition("an intset without integers", 11, intset(2, 0, [])),
    Condition("an intset of fewer integers than its count", 11, intset(2, 3, [1, 0, 2, 0])),
    Condition("an intset of more integers than its count", 11, intset(2, 1, [1, 0, 2, 0])),
    Condition("an intset out of order", 11, intset(2, 2, [2, 0, 1, 0])),
    Condition("an intset with an integer twice", 11, intset(2, 2, [2, 0, 2, 0])),
    Condition(
      "an intset whose size in 32 bits wraps (CVE-2021-32687)", 11, intset(8, 0x2000_0001, [1, 0, 0, 0, 0, 0, 0, 0])),
    Condition("an intset of wider integers than needed", 11, intset(8, 2, B.little(Int64(1)) + B.little(Int64(2)))),
  ]
}
