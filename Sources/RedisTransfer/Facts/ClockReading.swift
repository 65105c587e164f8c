import RDBSupport
import RESP

/// The difference between a server's clock and the clock of this process, as one exchange shows it.
package struct ClockReading: Hashable, Sendable {
  /// The server's Unix time minus the monotonic time of this process, in microseconds.
  private let difference: Int64
  /// The largest error of the difference, in microseconds: half of the time that the exchange took.
  private let error: Int64

  /// - Parameters:
  ///   - time: The time that the server told.
  ///   - sent: The monotonic time before the question, in nanoseconds.
  ///   - received: The monotonic time after the answer, in nanoseconds.
  package init(_ time: ServerTime, sent: UInt64, received: UInt64) {
    let taken = Int64(clamping: (received - min(sent, received)) / 1000)
    error = taken / 2 + 1
    difference = time.microseconds - Int64(clamping: sent / 1000) - taken / 2
  }

  /// Returns by how many microseconds this clock is before another one, and the largest error of that.
  package func ahead(of other: ClockReading) -> (microseconds: Int64, error: Int64) {
    (difference - other.difference, error + other.error)
  }

  /// The server's present Unix time, in milliseconds.
  package var milliseconds: Int64 { (difference + Int64(clamping: MonotonicTime.now / 1000)) / 1000 }
}

extension Connection {
  /// Asks the server for its time a few times, and returns the reading with the smallest error; `nil` if the user may
  /// not ask.
  ///
  /// - Throws: ``TransferError``.
  package func clock() throws(TransferError) -> ClockReading? {
    var best: (taken: UInt64, reading: ClockReading)?
    for _ in 0..<3 {
      let sent = MonotonicTime.now
      let reply = try reply(to: [Array("TIME".utf8)])
      let received = MonotonicTime.now
      guard let time = ServerTime(reply) else { return nil }
      let taken = received - sent
      if best.map({ taken < $0.taken }) ?? true { best = (taken, ClockReading(time, sent: sent, received: received)) }
    }
    return best?.reading
  }
}
