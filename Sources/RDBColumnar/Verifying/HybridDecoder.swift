import RDBFormat
import RDBSupport

/// Decodes what ``HybridEncoder`` encodes.
package enum HybridDecoder {
  /// Decodes values.
  ///
  /// - Parameters:
  ///   - count: The number of values, which the caller has checked.
  ///   - bitWidth: 1 to 32.
  ///   - offset: The offset of the bytes, for errors.
  package static func decode(_ bytes: RawSpan, count: Int, bitWidth: Int, at offset: Int) throws(RDBError) -> [UInt32] {
    var values: [UInt32] = []
    values.reserveCapacity(count)
    var position = 0
    func next() throws(RDBError) -> UInt64 {
      guard position < bytes.byteCount else {
        throw .corruptParquet(offset, "\(count) values", "\(values.count)")
      }
      defer { position += 1 }
      return UInt64(bytes.byte(at: position))
    }
    while values.count < count {
      var header: UInt64 = 0
      for shift in stride(from: UInt64(0), through: 28, by: 7) {
        let byte = try next()
        header |= (byte & 0x7F) << shift
        if byte < 0x80 { break }
        if shift == 28 { throw .corruptParquet(offset, "a length of five bytes", "a longer one") }
      }
      let length = Int(header >> 1)
      if header & 1 == 0 {
        var value: UInt64 = 0
        for index in 0..<((bitWidth + 7) / 8) { value |= try next() << UInt64(8 * index) }
        guard length > 0, length <= count - values.count, value < 1 << UInt64(bitWidth) else {
          throw .corruptParquet(offset, "at most \(count - values.count) equal values", "\(length)")
        }
        for _ in 0..<length { values.append(UInt32(value)) }
      } else {
        guard length > 0, length <= (count - values.count + 7) / 8 else {
          throw .corruptParquet(offset, "at most \(count - values.count) packed values", "\(length) groups")
        }
        var (bits, bitCount): (UInt64, Int) = (0, 0)
        for _ in 0..<(length * 8) {
          while bitCount < bitWidth {
            bits |= try next() << UInt64(bitCount)
            bitCount += 8
          }
          if values.count < count { values.append(UInt32(bits & (1 << UInt64(bitWidth) - 1))) }
          bits >>= UInt64(bitWidth)
          bitCount -= bitWidth
        }
      }
    }
    guard position == bytes.byteCount else { throw .corruptParquet(offset, "the end of the values", "more bytes") }
    return values
  }
}
