import CDoubleText

/// Scores as text.
public enum DoubleText {
  /// The longest text that ``write(_:to:)`` produces.
  @inlinable public static var maximumByteCount: Int { 32 }

  /// Writes the shortest decimal that reads back to the same double at `destination` (room for
  /// ``maximumByteCount`` bytes) and returns the byte count: `0.1`, `3`, `-0`, `1e+300`, `inf`, `-inf`, `nan`.
  ///
  /// Whole numbers below 2⁵³ are written as integers. Nothing is allocated.
  @inlinable
  public static func write(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    if let integer = Int64(exactly: value), integer.magnitude < 1 << 53,
      integer != 0 || value.sign == .plus
    {
      return DecimalText.write(integer, to: destination)
    }
    return writeFraction(value, to: destination)
  }

  @usableFromInline
  static func writeFraction(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    if value.isNaN {
      // Never with a sign.
      destination.copyMemory(from: ("nan" as StaticString).utf8Start, byteCount: 3)
      return 3
    }
    return rdb_double_write(value, destination.assumingMemoryBound(to: CChar.self))
  }

  /// The double that `text` says by the rules of C's `strtod` (whole text, no spaces); `nil`: none.
  public static func parse(_ text: RawSpan) -> Double? {
    text.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return nil }
      var value = 0.0
      if rdb_double_parse(start.assumingMemoryBound(to: CChar.self), bytes.count, &value) == 1 {
        return value
      }
      // A plus sign, hexadecimal, or beyond what a double holds.
      return Double(String(decoding: bytes, as: UTF8.self))
    }
  }
}
