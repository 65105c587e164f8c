/// Times as text: ISO 8601, UTC, with milliseconds.
@usableFromInline package enum TimeText {
  /// The length of every text: `2026-01-01T00:00:00.000Z`.
  @inlinable package static var byteCount: Int { 24 }

  /// The first millisecond of the year 1 and the last of the year 9999, since 1970.
  @inlinable package static var range: ClosedRange<Int64> { -62_135_596_800_000...253_402_300_799_999 }

  /// Writes the time `milliseconds` after 1970-01-01T00:00:00Z at `destination` (room for
  /// ``byteCount`` bytes).
  ///
  /// - Returns: Whether it could: outside of the years 1–9999 nothing is written.
  /// - Complexity: O(1). Nothing is allocated.
  package static func write(milliseconds: Int64, to destination: UnsafeMutableRawPointer) -> Bool {
    guard range.contains(milliseconds) else { return false }
    // Counted from the first of January of the year 0, everything is positive.
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

  /// The date of a day of the Gregorian calendar, which repeats every 400 years of 146 097 days.
  private static func date(daysSinceYear0 days: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
    // Years that begin on the first of March, so that the leap day is the last of its year.
    let shifted = days &+ 146_097 &- 60
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // March is month 0; months 0…4 and 5…9 have 153 days together.
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let year = yearOfEra + 400 * era - 400 + (month >= 10 ? 1 : 0)
    return (year, month < 10 ? month + 3 : month - 9, day)
  }

  private static func store(_ character: Unicode.Scalar, at place: UnsafeMutableRawPointer) {
    place.storeBytes(of: UInt8(truncatingIfNeeded: character.value), as: UInt8.self)
  }
}
