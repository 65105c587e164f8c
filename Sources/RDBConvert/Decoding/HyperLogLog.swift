import RDB
import RDBFormat

/// The cardinality of a HyperLogLog, which servers store as a string.
///
/// The string begins with `HYLL`, the encoding (0 dense, 1 sparse), three unused bytes and a cached cardinality. 16384
/// registers of 6 bits follow: dense as bits, sparse as runs. The estimate is
/// ``HyperLogLogEstimate``.
package enum HyperLogLog {
  private static let registerCount = 16_384
  private static let headerByteCount = 16
  private static let denseByteCount = headerByteCount + registerCount * 6 / 8

  /// Returns what PFCOUNT replies for the value; `nil` if it is no HyperLogLog, or a malformed one, which PFCOUNT refuses.
  package static func cardinality(of value: RawSpan) -> UInt64? {
    guard value.byteCount >= headerByteCount, value.byteCount <= denseByteCount * 4 else { return nil }
    return cardinality(of: [UInt8](value))
  }

  private static func cardinality(of bytes: [UInt8]) -> UInt64? {
    guard bytes.starts(with: "HYLL".utf8) else { return nil }
    var histogram = [Int](repeating: 0, count: 64)
    switch bytes[4] {
    case 0:
      guard bytes.count == denseByteCount else { return nil }
      countDense(bytes, &histogram)
    case 1: guard countSparse(bytes, &histogram) else { return nil }
    default: return nil
    }
    // The highest bit of the last byte says that the cache is out of date.
    if bytes[15] & 0x80 == 0 { return (8..<16).reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) } }
    return HyperLogLogEstimate.cardinality(histogram)
  }

  private static func countDense(_ bytes: [UInt8], _ histogram: inout [Int]) {
    for index in 0..<registerCount {
      let bit = index * 6
      let first = headerByteCount + bit / 8
      let low = Int(bytes[first]) >> (bit % 8)
      let high = first + 1 < bytes.count ? Int(bytes[first + 1]) << (8 - bit % 8) : 0
      histogram[(low | high) & 63] += 1
    }
  }

  /// - Returns: Whether the runs have exactly as many registers as there are.
  private static func countSparse(_ bytes: [UInt8], _ histogram: inout [Int]) -> Bool {
    var index = headerByteCount
    var registers = 0
    while index < bytes.count {
      let byte = Int(bytes[index])
      let (value, length): (Int, Int)
      switch byte >> 6 {
      case 0: (value, length) = (0, byte + 1)
      case 1:
        index += 1
        guard index < bytes.count else { return false }
        (value, length) = (0, (byte & 0x3F) << 8 + Int(bytes[index]) + 1)
      default: (value, length) = (byte >> 2 & 0x1F + 1, byte & 3 + 1)
      }
      registers += length
      guard registers <= registerCount else { return false }
      histogram[value] += length
      index += 1
    }
    return registers == registerCount
  }
}
