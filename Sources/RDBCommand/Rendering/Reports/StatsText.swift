import RDBAnalysis
import RDBSupport

/// The result of `rdb stats` as text and CSV.
extension StatsReport {
  func text(width: Int) -> String {
    var text =
      "\(counted(total.keys, "key")), \(readable(byteCount: Double(total.memoryByteCount))) estimated, "
      + "\(readable(byteCount: Double(total.serializedByteCount))) in the file; "
      + "\(total.keysWithoutExpiry) without expiry, \(total.keysExpired) expired\n"
    guard total.keys > 0 else { return text }
    text += "\n" + cellTable + "\n" + sizeTable
    text += "Percentiles are at most 1.6 % off; other figures are exact, but memory is estimated.\n"
    text += "\n" + slotLines(width)
    if !recognisedKeyspaces.isEmpty { text += "\n" + keyspaceTable + sessionLines }
    text += "\n" + repeatedLines(width)
    let misses = missTable
    if !misses.isEmpty { text += "\nkeys just above a limit of the compact encoding\n" + misses.text }
    return text
  }

  private var cellTable: String {
    var table = TextTable(
      left: [1, 2], ["db", "type", "encoding", "keys", "memory", "stored", "ratio", "elements", "p99"])
    for cell in cells {
      let isString = cell.type == "string"
      table.add([
        TextTable.Cell("\(cell.database)"), TextTable.Cell(cell.type), TextTable.Cell(cell.encoding ?? "–"),
        TextTable.Cell(short(cell.summary.keys)), bytes(cell.summary.memoryByteCount),
        bytes(cell.summary.serializedByteCount),
        TextTable.Cell(percent(min(cell.summary.serializedByteCount, cell.plainByteCount), of: cell.plainByteCount)),
        TextTable.Cell(isString ? "" : short(cell.elements.sum)),
        TextTable.Cell(isString ? "" : cell.elements.quantile(0.99).map { "\($0)" } ?? ""),
      ])
    }
    return table.text
  }

  private var sizeTable: String {
    var table = TextTable(["memory of a key", "mean", "p50", "p90", "p99", "p99.9"])
    func add(_ name: String, _ sizes: SizeHistogram) {
      table.add(
        [TextTable.Cell(name), bytes(UInt64(sizes.mean.rounded()))]
          + [0.5, 0.9, 0.99, 0.999].map { bytes(sizes.quantile($0)) })
    }
    var types: [String: SizeHistogram] = [:]
    for cell in cells { types[cell.type, default: SizeHistogram()].merge(cell.summary.sizes) }
    for (type, sizes) in types.sorted(by: { $0.key < $1.key }) { add(type, sizes) }
    add("all", total.sizes)
    add("length of name", names)
    return table.text
  }

  private func slotLines(_ width: Int) -> String {
    let most = slots.keys.indices.max { (slots.keys[$0], $1) < (slots.keys[$1], $0) } ?? 0
    let mean = Double(total.keys) / Double(HashSlots.count)
    let ratio = (Double(slots.keys[most]) / mean * 10).rounded() / 10
    var text =
      "hash slots: \(slots.used) of \(HashSlots.count) used; most in slot \(most): "
      + "\(counted(slots.keys[most], "key")), \(ratio) times the mean\n"
    text += "hash tags: on \(counted(taggedKeys, "key"))\(sampled(tagSampling))\n"
    for tag in topTags.prefix(5) {
      text += "  {\(DisplayText(tag.example.bytes, limit: width - 40).text)} \(keys(tag))\n"
    }
    return text
  }

  private func sampled(_ rate: UInt64) -> String {
    rate == 1 ? "" : ", of which 1 in \(rate) was sampled"
  }

  private func keys(_ value: Repeated) -> String {
    value.keysError == 0 ? counted(value.keys, "key") : "\(value.keys) ± \(value.keysError) keys"
  }

  private var keyspaceTable: String {
    var table = TextTable(left: [0, 1], ["known keyspace", "part", "keys", "elements", "memory", "expired"])
    for one in keyspaces where recognisedKeyspaces.contains(one.keyspace) {
      table.add([
        TextTable.Cell(one.keyspace), TextTable.Cell(one.role), TextTable.Cell(short(one.keys)),
        TextTable.Cell(short(one.elements)), bytes(one.memoryByteCount), TextTable.Cell(short(one.keysExpired)),
      ])
    }
    return table.text
  }

  private var sessionLines: String {
    guard let sessions else { return "" }
    func text(_ estimate: SessionSummary.Estimate) -> String {
      estimate.error == 0 ? "\(estimate.count)" : "\(estimate.count) ± \(estimate.error)"
    }
    return "Spring sessions: \(text(sessions.whole)) whole, \(text(sessions.expired)) expired; orphaned: "
      + "\(text(sessions.withoutMark)) without expiry mark, \(text(sessions.markOnly)) marks without session\n"
  }

  private func repeatedLines(_ width: Int) -> String {
    let values = repeatedValues
    let how =
      exactValues != nil ? ", counted exactly" : valueSampling == 1 ? "" : ", in a sample of 1 key in \(valueSampling)"
    guard !values.isEmpty else { return "repeated string values: none found\(how)\n" }
    var table = TextTable(["example key", "value size", "keys", "total"])
    for value in values.prefix(10) {
      let whole = value.keys.multipliedReportingOverflow(by: value.byteCount)
      table.add([
        TextTable.Cell(value.example.bytes, limit: max(width - 45, 20)), bytes(value.byteCount),
        TextTable.Cell(keys(value).replacing(" keys", with: "")), bytes(whole.overflow ? nil : whole.partialValue),
      ])
    }
    return "repeated string values\(how)\n" + table.text
      + (valueSampling == 1 ? "" : "± is the error bound with a probability of 95 %.\n")
  }

  private var missTable: TextTable {
    var table = TextTable(["setting", "default", "needed", "keys", "memory", "saved"])
    for miss in nearMisses where miss.keys > 0 {
      table.add([
        TextTable.Cell(miss.setting), TextTable.Cell("\(miss.limit)"), TextTable.Cell("\(miss.needed)"),
        TextTable.Cell(short(miss.keys)), bytes(miss.memoryByteCount), bytes(miss.savedByteCount),
      ])
    }
    return table
  }

  /// The report as CSV, with a row for each database, type and encoding.
  func csv(defuses: Bool) -> [UInt8] {
    var csv = CSVText(
      [
        "db", "type", "encoding", "keys", "memory_bytes", "serialized_bytes", "plain_bytes", "average_bytes",
        "p50_bytes", "p90_bytes", "p99_bytes", "elements", "p50_elements", "p99_elements",
        "keys_without_expiry", "keys_expired",
      ], defuses: defuses)
    for cell in cells {
      let sizes = cell.summary.sizes
      csv.row([
        .number(cell.database), .number(cell.type), .number(cell.encoding ?? ""), .number(cell.summary.keys),
        .number(cell.summary.memoryByteCount), .number(cell.summary.serializedByteCount),
        .number(cell.plainByteCount), .number("\(Int(sizes.mean.rounded()))"), .number(sizes.quantile(0.5)),
        .number(sizes.quantile(0.9)), .number(sizes.quantile(0.99)), .number(cell.elements.sum),
        .number(cell.elements.quantile(0.5)), .number(cell.elements.quantile(0.99)),
        .number(cell.summary.keysWithoutExpiry), .number(cell.summary.keysExpired),
      ])
    }
    return csv.bytes
  }
}
