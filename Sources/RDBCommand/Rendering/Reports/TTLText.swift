import RDBAnalysis

/// The result of `rdb ttl` as text and CSV.
extension TTLReport {
  func text(top: Int, width: Int) -> String {
    var text = "remaining time to live, counted from \(Self.times(reference))\n\n"
    text += histogram
    text += "\n" + typeTable
    let prefixes = prefixTable(top: top, width: width)
    if !prefixes.isEmpty { text += "\n" + prefixes.text }
    let candidates = candidateTable(top: top, width: width)
    if !candidates.isEmpty {
      text += "\ncandidates for an expiry: prefixes without one, by memory × idle time\n" + candidates.text
    }
    return text
  }

  private static func times(_ times: ReferenceTimes) -> String {
    guard let from = times.from, let to = times.to else { return "an unknown time" }
    let first = DateText.text(milliseconds: from)
    return from == to ? first : "\(first) to \(DateText.text(milliseconds: to))"
  }

  private var histogram: String {
    let all = all
    let keys = ExpiryRange.allCases.reduce(0) { $0 + all[$1].keys }
    var table = TextTable(left: [0, 4], ["remaining", "keys", "memory", "of keys", ""])
    for range in ExpiryRange.allCases {
      let amount = all[range]
      let share = keys > 0 ? Double(amount.keys) / Double(keys) : 0
      table.add([
        TextTable.Cell(range.words), TextTable.Cell(short(amount.keys)), bytes(amount.memoryByteCount),
        TextTable.Cell(percent(amount.keys, of: keys)),
        TextTable.Cell(String(repeating: "#", count: Int((share * 30).rounded()))),
      ])
    }
    return table.text
  }

  private var typeTable: String {
    var table = TextTable(["type", "keys", "never", "expired", "< 1 h", "< 1 d", "< 7 d", "longer"])
    for (type, expiries) in types.sorted(by: { $0.key < $1.key }) {
      table.add([TextTable.Cell(type)] + Self.cells(expiries))
    }
    return table.text
  }

  private static func cells(_ expiries: ExpirySummary) -> [TextTable.Cell] {
    func sum(_ ranges: [ExpiryRange]) -> TextTable.Cell {
      TextTable.Cell(short(ranges.reduce(0) { $0 + expiries[$1].keys }))
    }
    return [
      sum(ExpiryRange.allCases), sum([.never]), sum([.expired]), sum([.underMinute, .underHour]), sum([.underDay]),
      sum([.underWeek]), sum([.underMonth, .underQuarter, .underYear, .longer]),
    ]
  }

  private func prefixTable(top: Int, width: Int) -> TextTable {
    var table = TextTable(["prefix", "keys", "never", "expired", "< 1 h", "< 1 d", "< 7 d", "longer"])
    let first = prefixes.nodes.filter { $0.depth == 1 && $0.kind != .other }.sorted { a, b in
      let (keysA, keysB) = (a.summary.keys, b.summary.keys)
      return keysA != keysB ? keysA > keysB : a.prefix < b.prefix
    }
    for node in first.prefix(top) {
      table.add([TextTable.Cell(node.prefix.bytes, limit: max(width - 60, 20))] + Self.cells(node.summary.expiries))
    }
    return table
  }

  private func candidateTable(top: Int, width: Int) -> TextTable {
    var table = TextTable(["prefix", "keys", "memory", "mean idle"])
    for candidate in candidates(limit: top) {
      table.add([
        TextTable.Cell(candidate.prefix.bytes, limit: max(width - 40, 20)),
        TextTable.Cell(short(candidate.keysWithoutExpiry)), bytes(candidate.memoryWithoutExpiry),
        TextTable.Cell(candidate.meanIdleSeconds.map { "\(Int($0.rounded())) s" } ?? "unknown"),
      ])
    }
    return table
  }

  /// The report as CSV, with a row for each range of remaining times, of all keys, each type and each prefix.
  func csv(defuses: Bool) -> [UInt8] {
    var csv = CSVText(["group", "name", "kind", "life", "keys", "memory_bytes"], defuses: defuses)
    func add(_ group: String, _ name: [UInt8], _ kind: String, _ expiries: ExpirySummary) {
      for range in ExpiryRange.allCases where expiries[range].keys > 0 {
        csv.row([
          .number(group), .text(name), .number(kind), .number(range.name), .number(expiries[range].keys),
          .number(expiries[range].memoryByteCount),
        ])
      }
    }
    add("all", [], "", all)
    for (type, expiries) in types.sorted(by: { $0.key < $1.key }) { add("type", Array(type.utf8), "", expiries) }
    for node in prefixes.nodes where node.depth > 0 {
      add("prefix", node.prefix.bytes, node.kind.rawValue, node.summary.expiries)
    }
    return csv.bytes
  }
}

extension ExpiryRange {
  /// The range as text.
  fileprivate var words: String {
    switch self {
    case .expired: "expired"
    case .underMinute: "under 1 minute"
    case .underHour: "under 1 hour"
    case .underDay: "under 1 day"
    case .underWeek: "under 7 days"
    case .underMonth: "under 30 days"
    case .underQuarter: "under 90 days"
    case .underYear: "under 365 days"
    case .longer: "365 days and more"
    case .never: "never expires"
    }
  }
}
