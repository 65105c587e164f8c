import RDBSupport

/// `2024-10-25T12:00:00Z`, and the number.
func timeText(seconds: Int64) -> String {
  let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
  guard !overflow else { return "\(seconds) s since 1970" }
  let text = withUnsafeTemporaryAllocation(byteCount: TimeText.byteCount, alignment: 1) { buffer in
    TimeText.write(milliseconds: milliseconds, to: buffer.baseAddress!)
      ? String(decoding: buffer.prefix(19), as: UTF8.self) + "Z" : nil
  }
  return text.map { "\($0) (\(seconds))" } ?? "\(seconds) s since 1970"
}
