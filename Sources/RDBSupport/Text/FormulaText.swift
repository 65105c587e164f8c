/// Text that a spreadsheet takes for a formula, and the apostrophe that prevents it.
///
/// In CSV, an apostrophe goes before a cell that would be a formula. In data, an apostrophe before such text is written
/// `\x27`, in CSV and in escaped names: a plain apostrophe there is never data, and a reader of escaped text drops it.
@usableFromInline package enum FormulaText {
  /// The escape of an apostrophe that is data and precedes the text of a formula.
  package static var escapedApostrophe: StaticString { "\\x27" }

  /// Whether the bytes from `offset` on begin with `=`, `+`, `-`, `@`, a tab, a carriage return, or one of the full-width
  /// characters ＝ ＋ － ＠.
  @inlinable @inline(__always)
  package static func begins(_ bytes: RawSpan, at offset: Int = 0) -> Bool {
    guard bytes.byteCount > offset else { return false }
    switch bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: return true
    case 0xEF: return bytes.byteCount - offset >= 3 && isFullWidth(bytes, offset)
    default: return false
    }
  }

  @usableFromInline static func isFullWidth(_ bytes: RawSpan, _ offset: Int) -> Bool {
    let second = bytes.unsafeLoad(fromByteOffset: offset + 1, as: UInt8.self)
    let third = bytes.unsafeLoad(fromByteOffset: offset + 2, as: UInt8.self)
    return second == 0xBC && [0x9D, 0x8B, 0x8D, 0xA0].contains(third)
  }

  /// Whether the bytes begin with an apostrophe before the text of a formula.
  @inlinable @inline(__always)
  package static func hasApostrophe(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 1, bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == UInt8(ascii: "'") else {
      return false
    }
    return begins(bytes, at: 1)
  }

  /// Returns escaped text without the apostrophe that prevents a formula.
  package static func withoutApostrophe(_ text: [UInt8]) -> ArraySlice<UInt8> {
    hasApostrophe(text.span.bytes) ? text.dropFirst() : text[...]
  }
}
