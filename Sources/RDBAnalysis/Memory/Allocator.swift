/// How much memory a request for memory takes.
public enum Allocator: String, Hashable, Sendable, CaseIterable {
  /// As bundled with Redis and Valkey: classes 8 bytes apart up to 64.
  case jemalloc
  /// As distributions build it: classes 16 bytes apart up to 128.
  case systemJemalloc = "system-jemalloc"
  /// glibc's malloc: multiples of 16 less the 8 bytes of its own header.
  case libc
  /// What was asked for, as if nothing were rounded.
  case none

  /// The bytes that a request of `byteCount` occupies.
  ///
  /// jemalloc has four classes per doubling. Source: `size_classes` in jemalloc's `sc.h`,
  /// `malloc_usable_size` in glibc.
  @inline(__always)
  public func size(_ byteCount: UInt64) -> UInt64 {
    switch self {
    case .jemalloc: Self.jemallocClass(byteCount, quantum: 8)
    case .systemJemalloc: Self.jemallocClass(byteCount, quantum: 16)
    case .libc: max(24, (byteCount &+ 23) & ~15 &- 8)
    case .none: byteCount
    }
  }

  @inline(__always)
  private static func jemallocClass(_ byteCount: UInt64, quantum: UInt64) -> UInt64 {
    if byteCount <= 8 { return 8 }
    if byteCount <= 8 * quantum { return (byteCount &+ quantum &- 1) & ~(quantum &- 1) }
    guard byteCount < 1 << 62 else { return byteCount }
    // A quarter of the power of two below it.
    let step = UInt64(1) << UInt64(61 &- (byteCount &- 1).leadingZeroBitCount)
    return (byteCount &+ step &- 1) & ~(step &- 1)
  }
}
