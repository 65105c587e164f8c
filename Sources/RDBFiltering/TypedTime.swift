import RDB
package import RDBFormat
import RDBSupport

/// The parser of times and durations that a person types.
///
///     time       1735689600             Unix seconds: a number of up to 11 digits
///                1735689600000          Unix milliseconds: a longer one
///                2025-01-01             the beginning of a day, UTC
///                2025-01-01T12:30       also with seconds, a fraction, and a zone: Z, +02:00;
///                                       a space may replace the T; without a zone: UTC
///                now                    also now+1h, now-30d12h
///     duration   90s                    one or more of ms, s, m, h, d, w with numbers: 1h30m; 0;
///                                       a sign before the first
package enum TypedTime {
  static let expectedTime =
    "a time such as 2025-01-01, 2025-01-01T12:30:00Z, now, now-30d, or Unix seconds or milliseconds"
  static let expectedDuration = "a duration such as 90s, 1h30m, -7d or 500ms"

  /// Parses a time.
  ///
  /// - Parameter now: The time that the word `now` means.
  /// - Throws: ``FilterError`` if the text is not a time, or if the time exceeds 64 bits of milliseconds.
  package static func time(_ text: String, now: UnixMilliseconds) throws(FilterError)
    -> UnixMilliseconds
  {
    var scanner = TextScanner(text)
    if let time = sinceNow(&scanner, now) ?? number(text) ?? date(text) { return time }
    throw FilterError(expected: expectedTime, found: "\"\(printed(text))\"")
  }

  /// Parses a duration.
  ///
  /// - Returns: The duration in milliseconds.
  /// - Throws: ``FilterError`` if the text is not a duration, or if the duration exceeds 64 bits of milliseconds.
  package static func duration(_ text: String) throws(FilterError) -> Int64 {
    var scanner = TextScanner(text)
    if let milliseconds = duration(&scanner) { return milliseconds }
    throw FilterError(expected: expectedDuration, found: "\"\(printed(text))\"")
  }

  /// Returns the printable form of a text without its quotes.
  static func printed(_ text: String) -> String { String(printable(text.utf8).dropFirst().dropLast()) }

  private static func sinceNow(_ scanner: inout TextScanner, _ now: UnixMilliseconds)
    -> UnixMilliseconds?
  {
    guard scanner.take("now") else { return nil }
    if scanner.isAtEnd { return now }
    guard scanner.next == UInt8(ascii: "+") || scanner.next == UInt8(ascii: "-"),
      let difference = duration(&scanner)
    else { return nil }
    let (sum, overflow) = now.value.addingReportingOverflow(difference)
    return overflow ? nil : UnixMilliseconds(sum)
  }

  private static func duration(_ scanner: inout TextScanner) -> Int64? {
    let isNegative = scanner.take("-")
    if !isNegative { _ = scanner.take("+") }
    var sum: Int64 = 0
    repeat {
      guard let (value, _) = scanner.digits() else { return nil }
      if value == 0, scanner.isAtEnd { break }
      guard let unit = unit(&scanner) else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: unit)
      let (next, carry) = sum.addingReportingOverflow(product)
      if overflow || carry { return nil }
      sum = next
    } while !scanner.isAtEnd
    return isNegative ? -sum : sum
  }

  private static func unit(_ scanner: inout TextScanner) -> Int64? {
    if scanner.take("ms") { return 1 }
    if scanner.take("s") { return 1000 }
    if scanner.take("m") { return 60_000 }
    if scanner.take("h") { return 3_600_000 }
    if scanner.take("d") { return 86_400_000 }
    if scanner.take("w") { return 604_800_000 }
    return nil
  }

  private static func number(_ text: String) -> UnixMilliseconds? {
    var scanner = TextScanner(text)
    let isNegative = scanner.take("-")
    guard let (value, count) = scanner.digits(), scanner.isAtEnd else { return nil }
    let milliseconds = count <= 11 ? value * 1000 : value
    return UnixMilliseconds(isNegative ? -milliseconds : milliseconds)
  }

  private static func date(_ text: String) -> UnixMilliseconds? {
    var scanner = TextScanner(text)
    guard let year = scanner.digits(exactly: 4), year >= 1, scanner.take("-"),
      let month = scanner.digits(exactly: 2), scanner.take("-"),
      let day = scanner.digits(exactly: 2),
      let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    else { return nil }
    var milliseconds = days * 86_400_000
    if !scanner.isAtEnd {
      guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
        let time = timeOfDay(&scanner), let zone = zone(&scanner), scanner.isAtEnd
      else { return nil }
      milliseconds += time - zone
    }
    return UnixMilliseconds(milliseconds)
  }

  private static func timeOfDay(_ scanner: inout TextScanner) -> Int64? {
    guard let hour = scanner.digits(exactly: 2), hour < 24, scanner.take(":"),
      let minute = scanner.digits(exactly: 2), minute < 60
    else { return nil }
    var milliseconds = (hour * 60 + minute) * 60_000
    guard scanner.take(":") else { return milliseconds }
    guard let second = scanner.digits(exactly: 2), second < 60 else { return nil }
    milliseconds += second * 1000
    guard scanner.take(".") else { return milliseconds }
    guard var (fraction, count) = scanner.digits(), count <= 9 else { return nil }
    while count < 3 { (fraction, count) = (fraction * 10, count + 1) }
    while count > 3 { (fraction, count) = (fraction / 10, count - 1) }
    return milliseconds + fraction
  }

  /// Parses the zone as its offset from UTC, in milliseconds; 0 if there is none.
  private static func zone(_ scanner: inout TextScanner) -> Int64? {
    if scanner.isAtEnd || scanner.take("Z") || scanner.take("z") { return 0 }
    let isWest = scanner.take("-")
    guard isWest || scanner.take("+"), let hours = scanner.digits(exactly: 2), hours < 24,
      scanner.take(":"), let minutes = scanner.digits(exactly: 2), minutes < 60
    else { return nil }
    let ahead = (hours * 60 + minutes) * 60_000
    return isWest ? -ahead : ahead
  }
}

/// Days of the proleptic Gregorian calendar.
enum CivilDate {
  /// Returns the number of days since 1970-01-01, or `nil` if there is no such day.
  static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64? {
    guard (1...12).contains(month), day >= 1, day <= dayCount(year, month) else { return nil }
    let before = year - 1
    var days = before * 365 + before / 4 - before / 100 + before / 400
    for earlier in 1..<month { days += dayCount(year, earlier) }
    // There are 719,162 days from 0001-01-01 to 1970-01-01.
    return days + day - 1 - 719_162
  }

  private static func dayCount(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }
}
