import RDBSupport

/// A limit on the number of bytes, or of keys, per second.
///
/// After a pause that is not its own, it does not hurry to catch up by more than a tenth of a second.
package struct Pace: Sendable {
  private let perSecond: UInt64?
  /// The time, in nanoseconds, at which everything so far may have passed.
  private var due: UInt64

  /// - Parameter perSecond: The largest number per second; `nil`: no limit.
  package init(perSecond: UInt64?) {
    self.perSecond = perSecond
    due = MonotonicTime.now
  }

  /// Waits until `count` more may have passed.
  package mutating func wait(for count: UInt64) {
    guard let perSecond, perSecond > 0 else { return }
    let now = MonotonicTime.now
    due = max(due, now > 100_000_000 ? now - 100_000_000 : 0) + UInt64(Double(count) / Double(perSecond) * 1e9)
    if due > now { usleep(UInt32(clamping: (due - now) / 1000)) }
  }
}
