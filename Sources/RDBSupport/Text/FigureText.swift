/// Figures for people: short, with their units.
package enum FigureText {
  /// A number of bytes in powers of 1000, with its unit: `1.2 GB`.
  package static func bytes(_ byteCount: Double) -> String {
    var (value, unit) = (byteCount, "B")
    for next in ["kB", "MB", "GB", "TB", "PB"] where value >= 999.5 {
      (value, unit) = (value / 1000, next)
    }
    return unit == "B" || value >= 99.95
      ? "\(Int(value.rounded())) \(unit)" : "\((value * 10).rounded() / 10) \(unit)"
  }

  /// A share with at most one decimal: `12.3 %`, `100 %`; `–` where there is no whole.
  package static func percent(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0 else { return "–" }
    let tenths = Int((Double(part) / Double(whole) * 1000).rounded())
    return tenths >= 1000 || tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }
}
