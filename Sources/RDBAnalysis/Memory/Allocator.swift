/// A memory allocator of a server, which decides how much memory a request takes.
public enum Allocator: String, Hashable, Sendable, CaseIterable {
  /// The jemalloc that Redis and Valkey bundle: size classes are 8 bytes apart up to 64.
  case jemalloc
  /// The jemalloc of Linux distributions: size classes are 16 bytes apart up to 128.
  case systemJemalloc = "system-jemalloc"
  /// glibc's malloc: multiples of 16, less the 8 bytes of its header.
  case libc
  /// No rounding: a request takes its own size.
  case none

  /// Returns the number of bytes that a request of `byteCount` bytes occupies.
  ///
  /// jemalloc has four size classes per doubling. Source: `size_classes` in jemalloc's `sc.h`,
  /// `malloc_usable_size` in glibc.
  @inline(__always)
  package func size(_ byteCount: UInt64) -> UInt64 {
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
    // A quarter of the largest power of two below the size.
    let step = UInt64(1) << UInt64(61 &- (byteCount &- 1).leadingZeroBitCount)
    return (byteCount &+ step &- 1) & ~(step &- 1)
  }
}
