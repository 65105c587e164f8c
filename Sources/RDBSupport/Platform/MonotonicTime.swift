/// A clock that only moves forward, whatever time of day is set.
package enum MonotonicTime {
  /// The nanoseconds since some moment before the process began.
  package static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension Duration {
  /// The duration in nanoseconds, from 0 to about 292 years.
  package var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return min(UInt64(seconds), 9_000_000_000) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }

  /// The duration as messages show it: `10 s`, `1.5 s`.
  package var shown: String {
    let tenths = nanoseconds / 100_000_000
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}
