/// Scores as text.
public enum DoubleText {
  /// The longest text that ``write(_:to:)`` produces.
  @inlinable public static var maximumByteCount: Int { 32 }

  /// Writes the shortest decimal that reads back to the same double at `destination` (room for
  /// ``maximumByteCount`` bytes) and returns the byte count: `0.1`, `3`, `-0`, `1e+300`, `inf`, `-inf`, `nan`.
  public static func write(_ value: Double, to destination: UnsafeMutableRawPointer) -> Int {
    var text = value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : "\(value)"
    if text.hasSuffix(".0") { text.removeLast(2) }
    var count = 0
    for byte in text.utf8 {
      destination.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
      count += 1
    }
    return count
  }

  /// The double that `text` says by the rules of C's `strtod` (whole text, no spaces); `nil`: none.
  public static func parse(_ text: RawSpan) -> Double? {
    text.withUnsafeBytes { Double(String(decoding: $0, as: UTF8.self)) }
  }
}
