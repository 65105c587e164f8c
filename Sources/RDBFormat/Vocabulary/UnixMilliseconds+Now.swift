import RDBSupport

extension UnixMilliseconds {
  /// The current time, read from the system clock.
  public static var now: UnixMilliseconds {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UnixMilliseconds(Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
