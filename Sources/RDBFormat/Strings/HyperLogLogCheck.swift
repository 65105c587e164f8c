/// The check of a string that begins as a HyperLogLog.
///
///     "HYLL"   u8 encoding (0 dense, 1 sparse)   3 bytes   8 bytes cardinality   registers
///     dense:   12288 bytes
///     sparse:  00xxxxxx          1–64 registers of 0
///              01xxxxxx xxxxxxxx 1–16384 registers of 0
///              1vvvvvxx          1–4 registers of 1–32
///
/// Source: `isHLLObjectOrReply`, `hllSparseToDense` in Redis `src/hyperloglog.c`.
@usableFromInline package enum HyperLogLogCheck {
  @usableFromInline package static var registerCount: Int { 16_384 }
  @usableFromInline package static var headerByteCount: Int { 16 }
  @usableFromInline package static var denseByteCount: Int { headerByteCount + registerCount * 6 / 8 }
  /// The size of the longest string that can be valid: each register takes at most one byte.
  @usableFromInline package static var maximumByteCount: Int { headerByteCount + registerCount }

  /// Whether a string begins as a HyperLogLog.
  @usableFromInline package static func isOne(_ string: RawSpan) -> Bool {
    string.byteCount >= 4 && string.unsafeLoadUnaligned(as: UInt32.self) == UInt32(littleEndian: 0x4C4C_5948)
  }

  /// Returns what is wrong with a string that begins as a HyperLogLog, as two noun phrases; `nil`: nothing.
  package static func fault(in string: RawSpan) -> (inner: Int, expected: String, found: String)? {
    guard string.byteCount >= headerByteCount else {
      return (0, "a HyperLogLog of at least \(headerByteCount) bytes", "\(string.byteCount)")
    }
    guard string.byteCount <= maximumByteCount else { return tooLong(string.byteCount) }
    switch string.unsafeLoad(fromByteOffset: 4, as: UInt8.self) {
    case 0:
      return string.byteCount == denseByteCount
        ? nil : (4, "a dense HyperLogLog of \(denseByteCount) bytes", "\(string.byteCount)")
    case 1: return sparseFault(in: string)
    case let encoding: return (4, "an encoding of a HyperLogLog, 0 or 1", "\(encoding)")
    }
  }

  /// The finding about a HyperLogLog of more than ``maximumByteCount`` bytes.
  package static func tooLong(_ byteCount: Int) -> (inner: Int, expected: String, found: String) {
    (0, "a HyperLogLog of at most \(maximumByteCount) bytes", "\(byteCount)")
  }

  private static func sparseFault(in string: RawSpan) -> (inner: Int, expected: String, found: String)? {
    var position = headerByteCount
    var registers = 0
    while position < string.byteCount {
      let start = position
      let code = Int(string.unsafeLoad(fromByteOffset: position, as: UInt8.self))
      position += 1
      switch code >> 6 {
      case 0: registers += code & 0x3F + 1
      case 1:
        guard position < string.byteCount else { return (start, "a run of two bytes", "the end") }
        registers += (code & 0x3F) << 8 + Int(string.unsafeLoad(fromByteOffset: position, as: UInt8.self)) + 1
        position += 1
      default: registers += code & 3 + 1
      }
      if registers > registerCount { return (start, "runs of \(registerCount) registers", "\(registers) or more") }
    }
    return registers == registerCount
      ? nil : (string.byteCount, "runs of \(registerCount) registers", "\(registers)")
  }
}
