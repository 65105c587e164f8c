import RDBSupport

/// A number of bytes in powers of 1000, with its unit: `1.2 GB`.
func readable(byteCount: Double) -> String { FigureText.bytes(byteCount) }

/// A share with at most one decimal: `12.3 %`, `100 %`; `–` where there is no whole.
func percent(_ part: UInt64, of whole: UInt64) -> String { FigureText.percent(part, of: whole) }

/// A count in at most eight characters: `1234567`, and from ten million `12.3M`.
func short(_ count: UInt64) -> String {
  guard count >= 10_000_000 else { return "\(count)" }
  let (value, unit) = count >= 10_000_000_000 ? (Double(count) / 1e9, "G") : (Double(count) / 1e6, "M")
  return "\((value * 10).rounded() / 10)\(unit)"
}

extension String {
  /// The string, followed by spaces up to `width` characters, and by at least one space.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(width - count, 1))
  }

  /// The string, after as many `character`s as make it `width` characters long.
  func leftPadded(to width: Int, with character: Character = " ") -> String {
    String(repeating: character, count: max(width - count, 0)) + self
  }
}
