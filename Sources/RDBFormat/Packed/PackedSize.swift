/// The sizes of entries in packed values, in bytes.
@usableFromInline package enum PackedSize {
  /// The size of the header and terminator of a listpack.
  @inlinable package static var listpackFrame: UInt64 { 7 }
  /// The size of the header and terminator of a ziplist.
  @inlinable package static var ziplistFrame: UInt64 { 11 }

  /// Returns the size of a listpack entry with its backlen.
  ///
  /// Source: `lpEncodeGetType`, `lpEncodeBacklen` in Redis `src/listpack.c`.
  @inlinable @inline(__always) package static func listpackEntry(byteCount: UInt64, integer: Int64?) -> UInt64 {
    let encoded: UInt64
    if let integer {
      encoded =
        switch integer {
        case 0...127: 1
        case -4096...4095: 2
        case -32_768...32_767: 3
        case -8_388_608...8_388_607: 4
        case -2_147_483_648...2_147_483_647: 5
        default: 9
        }
    } else {
      encoded = byteCount &+ (byteCount < 64 ? 1 : byteCount < 4096 ? 2 : 5)
    }
    let length: UInt64 =
      encoded < 128 ? 1 : encoded < 16_383 ? 2 : encoded < 2_097_151 ? 3 : encoded < 268_435_455 ? 4 : 5
    return encoded &+ length
  }

  /// Returns the size of a ziplist entry without the length of the previous entry.
  ///
  /// Source: `zipStoreEntryEncoding` in Redis 6.2 `src/ziplist.c`.
  @inlinable @inline(__always) package static func ziplistEntry(byteCount: UInt64, integer: Int64?) -> UInt64 {
    if let integer, byteCount < 32 {
      return switch integer {
      case 0...12: 1
      case -128...127: 2
      case -32_768...32_767: 3
      case -8_388_608...8_388_607: 4
      case -2_147_483_648...2_147_483_647: 5
      default: 9
      }
    }
    return byteCount &+ (byteCount < 64 ? 1 : byteCount < 16_384 ? 2 : 5)
  }

  /// Returns the size of the field that stores the length of the previous ziplist entry.
  @inlinable @inline(__always) package static func previousLength(_ byteCount: UInt64) -> UInt64 {
    byteCount < 254 ? 1 : 5
  }

  /// Returns the size of an integer in an intset with the given lowest and highest integers.
  @inlinable @inline(__always) package static func intsetWidth(_ low: Int64, _ high: Int64) -> UInt64 {
    if low >= Int64(Int16.min), high <= Int64(Int16.max) { return 2 }
    return low >= Int64(Int32.min) && high <= Int64(Int32.max) ? 4 : 8
  }
}
