/// A set of integers, strictly ascending.
///
///     u32le width (2, 4 or 8)   u32le count   count × signed little-endian integer of that width
///
/// Source: `intsetValidateIntegrity` in Redis `src/intset.c`.
@usableFromInline package struct Intset: ~Escapable {
  @usableFromInline let bytes: RawSpan
  /// The file offset where the packed value begins, for errors.
  @usableFromInline let base: Int
  @usableFromInline package let width: Int
  /// The number of integers.
  @usableFromInline package let count: Int

  /// - Throws: ``RDBError`` (`corruptIntset`).
  @inlinable @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, at base: Int) throws(RDBError) {
    self.bytes = bytes
    self.base = base
    guard bytes.byteCount >= 8 else { throw .intset(base, 0, "at least 8 bytes", "\(bytes.byteCount)") }
    let width = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self))
    guard width == 2 || width == 4 || width == 8 else {
      throw .intset(base, 0, "a width of 2, 4 or 8", "\(width)")
    }
    let count = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self))
    guard count > 0 else { throw .intset(base, 4, "at least one integer", "none") }
    guard 8 + Int(width) * Int(count) == bytes.byteCount else {
      let wraps = UInt32(truncatingIfNeeded: bytes.byteCount - 8) == width &* count
      throw .intset(
        base, 4, "\(bytes.byteCount - 8) bytes of integers",
        "\(count) of \(width) bytes" + (wraps ? " (the pattern of CVE-2021-32687 and CVE-2021-29478)" : ""))
    }
    self.width = Int(width)
    self.count = Int(count)
  }

  /// The integer at `index`, which must be in `0..<count`.
  @inlinable package func value(at index: Int) -> Int64 {
    let offset = 8 &+ index &* width
    switch width {
    case 2:
      return Int64(Int16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Int16.self)))
    case 4:
      return Int64(Int32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Int32.self)))
    default:
      return Int64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Int64.self))
    }
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func intset(
    _ base: Int, _ offset: Int, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String
  ) -> RDBError {
    RDBError(.corruptIntset, at: base, inner: offset, expected: expected(), found: found())
  }
}
