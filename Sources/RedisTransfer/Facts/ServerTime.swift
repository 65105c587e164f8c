import RESP

/// The reply to TIME.
package struct ServerTime: Hashable, Sendable {
  /// The Unix time, in microseconds.
  package let microseconds: Int64

  /// The Unix time, in milliseconds, as servers compare it with expiries.
  package var milliseconds: Int64 { microseconds / 1000 }

  /// Reads seconds and microseconds. Returns `nil` for a reply that no server sends.
  package init?(_ reply: RESPValue) {
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].number, let rest = parts[1].number,
      (0..<1 << 40).contains(seconds), (0..<1_000_000).contains(rest)
    else { return nil }
    microseconds = seconds * 1_000_000 + rest
  }
}
