import RDBFormat

/// What a compressed input may demand.
struct DecompressionLimits {
  /// The largest zstd window, in bytes.
  var windowByteCount: UInt64
  /// The largest number of decompressed bytes per compressed byte.
  var ratio: UInt64
  /// The number of decompressed bytes from which on the ratio is compared.
  ///
  /// So few bytes do no harm, and the ratio of a short input says little.
  static let freeByteCount = 256 << 20

  /// Returns whether an input that gave `byteCount` bytes for `compressed` ones is refused.
  func refuses(_ byteCount: Int, from compressed: Int) -> Bool {
    guard byteCount > Self.freeByteCount else { return false }
    let (allowed, overflow) = UInt64(compressed).multipliedReportingOverflow(by: ratio)
    return !overflow && UInt64(byteCount) > allowed
  }
}

extension RDBError.Code {
  /// A compressed input grows beyond the ratio limit.
  package static let ratioTooHigh = RDBError.Code("ratioTooHigh")
}
