public import RDBFormat

/// A condition on a key's own expiry. Expiries of hash fields do not count.
public enum ExpiryCondition: Hashable, Sendable {
  /// No condition.
  case any
  /// The key never expires.
  case noExpiry
  /// The key has an expiry.
  case anyExpiry
  /// The key expires between two times, both included.
  case between(UnixMilliseconds, UnixMilliseconds)

  /// Parses `noexpire`, `anyexpire`, or a range `a~b` of two times.
  ///
  /// A time is `2025-01-01`, `2025-01-01T12:30:00Z`, `now`, `now-30d`, or Unix seconds or milliseconds. Either time
  /// may be empty, and the second one may be `inf`.
  ///
  /// - Parameters:
  ///   - text: The condition.
  ///   - now: The time that the word `now` means.
  /// - Throws: ``FilterError`` if the text is none of these, or if the first time is after the second.
  public init(_ text: String, now: UnixMilliseconds) throws(FilterError) {
    switch text {
    case "noexpire": self = .noExpiry
    case "anyexpire": self = .anyExpiry
    default: self = try .range(text, now)
    }
  }

  private static func range(_ text: String, _ now: UnixMilliseconds) throws(FilterError) -> Self {
    let ends = text.split(separator: "~", omittingEmptySubsequences: false).map(String.init)
    guard ends.count == 2 else {
      throw FilterError(
        expected: "noexpire, anyexpire, or two times with ~ between them, such as 2025-01-01~now+7d",
        found: "\"\(TypedTime.printed(text))\"")
    }
    let first =
      ends[0].isEmpty ? UnixMilliseconds(.min) : try TypedTime.time(ends[0], now: now)
    let last =
      ends[1].isEmpty || ends[1] == "inf"
      ? UnixMilliseconds(.max) : try TypedTime.time(ends[1], now: now)
    guard first <= last else {
      throw FilterError(
        expected: "a range whose first time is not after its second",
        found: "\"\(TypedTime.printed(text))\"")
    }
    return .between(first, last)
  }

  func accepts(_ expiry: UnixMilliseconds?) -> Bool {
    switch self {
    case .any: true
    case .noExpiry: expiry == nil
    case .anyExpiry: expiry != nil
    case .between(let first, let last): expiry.map { first <= $0 && $0 <= last } ?? false
    }
  }
}
