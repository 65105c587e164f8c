/// Times as ISO 8601 text in UTC with milliseconds.
@usableFromInline package enum TimeText {
  /// The byte count of a text, such as `2026-01-01T00:00:00.000Z`.
  @inlinable package static var byteCount: Int { 24 }

  /// The times that have a text, in milliseconds since 1970: the years 1 to 9999.
  @inlinable package static var range: ClosedRange<Int64> { -62_135_596_800_000...253_402_300_799_999 }

  /// Returns a time as text; `nil` outside of ``range``.
  package static func text(milliseconds: Int64) -> String? {
    withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 1) { buffer in
      guard let base = buffer.baseAddress, write(milliseconds: milliseconds, to: base) else { return nil }
      return String(decoding: buffer, as: UTF8.self)
    }
  }

  /// Writes a time.
  ///
  /// - Parameters:
  ///   - milliseconds: The time in milliseconds since 1970-01-01T00:00:00Z.
  ///   - destination: Memory with room for ``byteCount`` bytes.
  /// - Returns: Whether the time is in the years 1 to 9999. If not, nothing is written.
  /// - Complexity: O(1). Allocates nothing.
  package static func write(milliseconds: Int64, to destination: UnsafeMutableRawPointer) -> Bool {
    guard range.contains(milliseconds) else { return false }
    // Milliseconds since the start of the year 0 are positive.
    let shifted = UInt64(bitPattern: milliseconds &+ 62_167_219_200_000)
    let days = shifted / 86_400_000
    let rest = shifted % 86_400_000
    let (year, month, day) = date(daysSinceYear0: days)
    DecimalText.storePair(year / 100, at: destination)
    DecimalText.storePair(year % 100, at: destination + 2)
    store("-", at: destination + 4)
    DecimalText.storePair(month, at: destination + 5)
    store("-", at: destination + 7)
    DecimalText.storePair(day, at: destination + 8)
    store("T", at: destination + 10)
    DecimalText.storePair(rest / 3_600_000, at: destination + 11)
    store(":", at: destination + 13)
    DecimalText.storePair(rest / 60_000 % 60, at: destination + 14)
    store(":", at: destination + 16)
    DecimalText.storePair(rest / 1000 % 60, at: destination + 17)
    store(".", at: destination + 19)
    let hundreds = UInt8(truncatingIfNeeded: 48 + rest % 1000 / 100)
    destination.storeBytes(of: hundreds, toByteOffset: 20, as: UInt8.self)
    DecimalText.storePair(rest % 100, at: destination + 21)
    store("Z", at: destination + 23)
    return true
  }

  /// Returns the date of a day in the Gregorian calendar, which repeats every 400 years, or 146,097 days.
  private static func date(daysSinceYear0 days: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
    // These years begin on March 1, so that a leap day is the last day of its year.
    let shifted = days &+ 146_097 &- 60
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // March is month 0. Months 0 to 4 have 153 days, as have months 5 to 9.
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let year = yearOfEra + 400 * era - 400 + (month >= 10 ? 1 : 0)
    return (year, month < 10 ? month + 3 : month - 9, day)
  }

  private static func store(_ character: Unicode.Scalar, at destination: UnsafeMutableRawPointer) {
    destination.storeBytes(of: UInt8(truncatingIfNeeded: character.value), as: UInt8.self)
  }
}
