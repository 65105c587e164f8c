import RDBAnalysis
import RDBSupport

/// The result of `rdb top-elements` as text and CSV.
extension TopElements {
  /// The report as text.
  func text(width: Int) -> String {
    var text = TextColumns()
    text.row("key", "\"\(DisplayText(key.bytes, limit: max(width - 18, 20)).text)\", database \(database)")
    text.row("type", "\(type), \(counted(sizes.count, "element")), \(readable(byteCount: Double(sizes.sum)))")
    guard sizes.count > 0 else { return text.text }
    let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)].map { name, share in
      "\(name) \(bytes(quantile(share)).text)"
    }
    text.row("sizes", (["mean \(bytes(UInt64(sizes.mean.rounded())).text)"] + quantiles).joined(separator: ", "))
    return text.text + "\n" + elementTable(width) + "\n" + histogram(width)
      + "Percentiles are at most 1.6 % off; other figures are exact.\n"
  }

  /// A quantile of the sizes, at most the largest size.
  private func quantile(_ share: Double) -> UInt64? {
    sizes.quantile(share).map { min($0, elements.first?.byteCount ?? $0) }
  }

  private func elementTable(_ width: Int) -> String {
    var table = TextTable(left: [3], ["size", "share", "number", elements.contains { $0.name != nil } ? "name" : ""])
    for element in elements {
      table.add([
        bytes(element.byteCount), TextTable.Cell(percent(element.byteCount, of: sizes.sum)),
        TextTable.Cell("\(element.number)"),
        TextTable.Cell(element.name?.bytes ?? [], limit: max(width - 30, 20)),
      ])
    }
    return table.text
  }

  /// A bar for each range of sizes from a power of two to the next.
  private func histogram(_ width: Int) -> String {
    var counts: [Int: UInt64] = [:]
    for (range, count) in sizes.ranges {
      counts[Int.bitWidth - Int(clamping: range.lowerBound).leadingZeroBitCount, default: 0] += count
    }
    guard let first = counts.keys.min(), let last = counts.keys.max() else { return "" }
    let most = counts.values.max() ?? 1
    var table = TextTable(left: [2], ["bytes", "elements", ""])
    for power in first...last {
      let count = counts[power] ?? 0
      // In eighths of a column.
      let eighths = Int((Double(count) / Double(most) * Double(max(width - 40, 10)) * 8).rounded(.up))
      let bar =
        String(repeating: "█", count: eighths / 8)
        + (eighths % 8 == 0 ? "" : "▏▎▍▌▋▊▉".map { String($0) }[eighths % 8 - 1])
      table.add([TextTable.Cell(Self.range(power)), TextTable.Cell(short(count)), TextTable.Cell(bar)])
    }
    return table.text
  }

  private static func range(_ power: Int) -> String {
    if power == 0 { return "0" }
    let (from, to) = (UInt64(1) << (power - 1), UInt64(1) << power - 1)
    return from == to ? "\(from)" : "\(from)–\(to)"
  }

  /// The report as CSV, with a row for each of the largest elements.
  func csv(defuses: Bool) -> [UInt8] {
    var csv = CSVText(["rank", "number", "name", "name_is_cut", "bytes", "value_bytes"], defuses: defuses)
    for (rank, element) in elements.enumerated() {
      csv.row([
        .number(UInt64(rank + 1)), .number(element.number), element.name.map { .text($0.bytes) } ?? .none,
        .number(element.isCut ? "true" : "false"), .number(element.byteCount), .number(element.valueByteCount),
      ])
    }
    return csv.bytes
  }
}
