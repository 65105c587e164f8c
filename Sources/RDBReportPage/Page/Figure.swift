import RDBSupport

/// Figures as the page shows them. No other place of this module turns a number into text.
package enum Figure {
  /// A number of bytes: `1.2 GB`; `–` for `nil`.
  package static func bytes(_ byteCount: UInt64?) -> String {
    byteCount.map { FigureText.bytes(Double($0)) } ?? "–"
  }

  /// A difference in bytes, with its sign: `+1.2 MB`.
  package static func growth(_ byteCount: Int64) -> String {
    let text = bytes(byteCount.magnitude)
    return byteCount == 0 ? text : (byteCount < 0 ? "−" : "+") + text
  }

  /// A count with a comma after each three digits: `60,000`; `–` for `nil`.
  package static func count(_ count: UInt64?) -> String {
    guard let count else { return "–" }
    let digits = Array("\(count)")
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// A count with its error bound: `60,000 ± 12`.
  package static func estimate(_ count: UInt64, error: UInt64) -> String {
    error == 0 ? self.count(count) : "\(self.count(count)) ± \(self.count(error))"
  }

  /// A count and its noun: `1 key`, `2,000 keys`.
  package static func counted(_ count: UInt64, _ noun: String) -> String {
    "\(self.count(count)) \(noun)\(count == 1 ? "" : "s")"
  }

  /// A share: `12.3 %`.
  package static func share(_ part: UInt64, of whole: UInt64) -> String { FigureText.percent(part, of: whole) }

  /// A ratio with one decimal: `2.5`.
  package static func ratio(_ value: Double) -> String { "\((min(value, 1e12) * 10).rounded() / 10)" }

  /// A duration in its largest unit: `3 days`.
  package static func duration(seconds: UInt64?) -> String {
    guard let seconds else { return "–" }
    for (unit, length) in [("day", 86_400 as UInt64), ("hour", 3600), ("minute", 60)] where seconds >= length {
      return counted(seconds / length, unit)
    }
    return counted(seconds, "second")
  }

  /// A time in UTC: `2026-11-29 02:00 UTC`; the bare number outside of the years 1 to 9999.
  package static func time(milliseconds: Int64) -> String {
    guard let text = TimeText.text(milliseconds: milliseconds) else { return "\(milliseconds)" }
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }
}
