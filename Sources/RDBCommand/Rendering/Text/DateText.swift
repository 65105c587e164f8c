import RDBSupport

/// Times as text, in UTC.
enum DateText {
  /// A time with its milliseconds, `2024-10-25T12:00:00.000Z`; the bare number outside of the years 1 to 9999.
  static func text(milliseconds: Int64) -> String { iso(milliseconds) ?? "\(milliseconds)" }

  /// A time and its number of seconds: `2024-10-25T12:00:00Z (1729857600)`.
  static func text(seconds: Int64) -> String {
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow, let text = iso(milliseconds) else { return "\(seconds) s since 1970" }
    return "\(text.prefix(19))Z (\(seconds))"
  }

  /// - Returns: `nil` outside of the years 1 to 9999.
  static func iso(_ milliseconds: Int64) -> String? { TimeText.text(milliseconds: milliseconds) }
}
