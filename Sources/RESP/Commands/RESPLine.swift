import RDBSupport

/// Line ends and lengths: the parsing that all decoders share.
enum RESPLine {
  /// Returns the index of the `\r` that ends the line beginning at `start`, or `nil` if the line is incomplete.
  ///
  /// - Throws: ``RESPError`` (`badLineEnd`) for a `\n` without `\r` or a `\r` without `\n`; `lineTooLong`.
  static func end(
    _ bytes: UnsafeRawBufferPointer, from start: Int, base: UInt64, limits: RESPLimits
  ) throws(RESPError) -> Int? {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 10 {
        throw RESPError(
          .badLineEnd, at: base + UInt64(index), expected: "\"\\r\\n\"", found: "\"\\n\" alone")
      }
      if byte == 13 {
        guard index + 1 < bytes.count else { return nil }
        guard bytes[index + 1] == 10 else {
          throw RESPError(
            .badLineEnd, at: base + UInt64(index + 1), expected: "\"\\n\" after \"\\r\"",
            found: hex(bytes[index + 1]))
        }
        return index
      }
      index += 1
      if index - start > limits.lineByteCount {
        throw RESPError(
          .lineTooLong, at: base + UInt64(start),
          expected: "a line of at most \(limits.lineByteCount) bytes", found: "a longer one")
      }
    }
    return nil
  }

  /// Reads the length in a line: 1 to 19 digits without a sign.
  ///
  /// - Throws: ``RESPError`` (`badLength`, or `streamed` for `?`).
  static func length(_ text: UnsafeRawBufferPointer, at offset: UInt64) throws(RESPError) -> Int {
    var value: Int? = text.isEmpty || text.count > 19 ? nil : 0
    for byte in text {
      guard byte >= 48, byte <= 57, let sum = value else {
        value = nil
        break
      }
      let (product, overflow) = sum.multipliedReportingOverflow(by: 10)
      let (next, carry) = product.addingReportingOverflow(Int(byte) - 48)
      value = overflow || carry ? nil : next
    }
    guard let value else {
      if text.elementsEqual("?".utf8) {
        throw RESPError(
          .streamed, at: offset, expected: "a length", found: "\"?\", a value of unknown length")
      }
      throw RESPError(
        .badLength, at: offset, expected: "a length in digits", found: printable(text, limit: 32))
    }
    return value
  }

  /// Checks the length of a bulk string.
  ///
  /// - Throws: ``RESPError`` (`bulkTooLong`) beyond the limit.
  static func check(bulk byteCount: Int, at offset: UInt64, _ limits: RESPLimits) throws(RESPError) {
    guard byteCount <= limits.bulkByteCount else {
      throw RESPError(
        .bulkTooLong, at: offset, expected: "at most \(limits.bulkByteCount) bytes",
        found: "a bulk string of \(byteCount)")
    }
  }
}
