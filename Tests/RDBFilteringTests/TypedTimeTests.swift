import RDBFormat
import RDBFiltering
import Testing

@Suite("Typed times")
struct TypedTimeTests {
  static let now = UnixMilliseconds(1_700_000_000_123)

  @Test(
    "Reads a time as Unix milliseconds",
    arguments: [
      ("0", 0), ("1735689600", 1_735_689_600_000), ("1735689600000", 1_735_689_600_000),
      ("99999999999", 99_999_999_999_000), ("100000000000", 100_000_000_000), ("-5", -5000),
      ("9223372036854775807", .max), ("1970-01-01", 0), ("2025-01-01", 1_735_689_600_000),
      ("2024-02-29", 1_709_164_800_000), ("2000-02-29", 951_782_400_000),
      ("1969-12-31", -86_400_000), ("0001-01-01", -62_135_596_800_000), ("9999-12-31", 253_402_214_400_000),
      ("2025-01-01T12:30", 1_735_734_600_000), ("2025-01-01 12:30:15", 1_735_734_615_000),
      ("2025-01-01T12:30:15.5Z", 1_735_734_615_500), ("2025-01-01T12:30:15.123456789Z", 1_735_734_615_123),
      ("2025-01-01T12:30:00+02:00", 1_735_727_400_000), ("2025-01-01T12:30-00:30", 1_735_736_400_000),
      ("now", 1_700_000_000_123), ("now+1h", 1_700_003_600_123), ("now-1d12h", 1_699_870_400_123),
    ] as [(String, Int64)])
  func times(_ text: String, _ expected: Int64) throws {
    #expect(try TypedTime.time(text, now: Self.now).value == expected)
  }

  @Test(
    "Refuses a time that is malformed or out of range",
    arguments: [
      "", "x", "2025-13-01", "2025-02-29", "1900-02-29", "2025-00-10", "2025-01-32", "0000-01-01", "2025-1-1",
      "2025-01-01T", "2025-01-01T24:00", "2025-01-01T12:60", "2025-01-01T12:30:60", "2025-01-01T12:30Zx",
      "2025-01-01T12:30+0200", "9223372036854775808", "--5", "now1h", "now+", "now+5", "now+9223372036854775807ms",
      "1e9", " 5", "5 ",
    ])
  func noTimes(_ text: String) {
    #expect(throws: FilterError.self) { try TypedTime.time(text, now: Self.now) }
  }

  @Test(
    "Reads a duration as milliseconds",
    arguments: [
      ("0", 0), ("500ms", 500), ("90s", 90_000), ("1h", 3_600_000), ("1h30m", 5_400_000), ("-7d", -604_800_000),
      ("+2w", 1_209_600_000), ("9223372036854775807ms", .max),
    ] as [(String, Int64)])
  func durations(_ text: String, _ expected: Int64) throws {
    #expect(try TypedTime.duration(text) == expected)
  }

  @Test(
    "Refuses a malformed duration and shows an example",
    arguments: [
      "", "-", "5", "h", "5y", "1h30", "9223372036854775807s", "15250284452w1w99999999999999ms", "1 h", "1.5h",
    ])
  func noDurations(_ text: String) {
    let error = #expect(throws: FilterError.self) { try TypedTime.duration(text) }
    #expect(error?.expected.contains("1h30m") == true)
  }

  @Test(
    "Reads a range of times as an expiry condition",
    arguments: [
      ("noexpire", .noExpiry), ("anyexpire", .anyExpiry),
      ("1~2", .between(UnixMilliseconds(1000), UnixMilliseconds(2000))),
      ("~now", .between(UnixMilliseconds(.min), now)), ("now~", .between(now, UnixMilliseconds(.max))),
      ("now~inf", .between(now, UnixMilliseconds(.max))),
      ("~", .between(UnixMilliseconds(.min), UnixMilliseconds(.max))),
      ("2025-01-01~2025-01-01", .between(UnixMilliseconds(1_735_689_600_000), UnixMilliseconds(1_735_689_600_000))),
    ] as [(String, ExpiryCondition)])
  func ranges(_ text: String, _ expected: ExpiryCondition) throws {
    #expect(try ExpiryCondition(text, now: Self.now) == expected)
  }

  @Test(
    "Refuses a range that is malformed or ends before it begins",
    arguments: [
      "", "5", "a~b", "1~2~3", "2~1", "inf~now", "NOEXPIRE", "now+1h~now",
    ])
  func noRanges(_ text: String) {
    #expect(throws: FilterError.self) { try ExpiryCondition(text, now: Self.now) }
  }
}
