/// Integers as Redis writes them: canonical decimal text.
public enum DecimalText {
  /// The longest text: `-9223372036854775808`.
  @inlinable public static var maximumByteCount: Int { 20 }

  /// Writes `value` at `destination` (room for ``maximumByteCount`` bytes) and returns the byte count.
  @inlinable
  public static func write(_ value: Int64, to destination: UnsafeMutableRawPointer) -> Int {
    var place = destination
    if value < 0 {
      destination.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
      place += 1
    }
    return write(value.magnitude, to: place) + (place - destination)
  }

  /// Writes `value` at `destination` (room for ``maximumByteCount`` bytes) and returns the byte count.
  @inlinable
  public static func write(_ value: UInt64, to destination: UnsafeMutableRawPointer) -> Int {
    var count = 1
    var rest = value
    while rest >= 10 {
      rest /= 10
      count += 1
    }
    rest = value
    for index in stride(from: count - 1, through: 0, by: -1) {
      destination.storeBytes(of: UInt8(48 + rest % 10), toByteOffset: index, as: UInt8.self)
      rest /= 10
    }
    return count
  }

  /// The integer whose canonical text `text` is; `nil` for `007`, `-0`, `+1`, ` 1` and all else.
  public static func parseCanonical(_ text: RawSpan) -> Int64? {
    text.withUnsafeBytes { bytes in
      guard bytes.count >= 1, bytes.count <= 20, let value = Int64(String(decoding: bytes, as: UTF8.self)),
        String(value).utf8.elementsEqual(bytes)
      else { return nil }
      return value
    }
  }
}
