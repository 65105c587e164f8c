import CSupport

/// Base64 text with padding (RFC 4648, section 4).
package enum Base64 {
  /// The byte count of the text of `byteCount` bytes.
  package static func textByteCount(_ byteCount: Int) -> Int { (byteCount + 2) / 3 * 4 }

  /// Writes the text of `bytes` at `destination` and returns its byte count.
  ///
  /// - Parameter destination: Memory with room for ``textByteCount(_:)`` bytes.
  /// - Complexity: O(*n*) for *n* bytes. Allocates nothing.
  package static func write(_ bytes: RawSpan, to destination: UnsafeMutableRawPointer) -> Int {
    bytes.withUnsafeBytes { rdb_base64_encode($0.baseAddress, $0.count, destination) }
  }

  /// Returns the text of `bytes`.
  package static func encode(_ bytes: [UInt8]) -> String {
    String(unsafeUninitializedCapacity: textByteCount(bytes.count)) { text in
      write(bytes.span.bytes, to: UnsafeMutableRawPointer(text.baseAddress.unsafelyUnwrapped))
    }
  }

  /// Returns the bytes of `text`, or `nil` if it is not whole groups of four characters with padding only at the end.
  package static func decode(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 4 == 0 else { return nil }
    let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 4 * 3)
    var bits: UInt32 = 0
    for (index, digit) in digits.dropLast(padding).enumerated() {
      guard let value = value(digit) else { return nil }
      bits = bits << 6 | value
      if index % 4 > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(6 - index % 4 * 2))) }
    }
    return bytes
  }

  /// The six bits of a character.
  private static func value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
