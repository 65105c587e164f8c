import RDBAnalysis

extension PrefixReport {
  /// The report as text: a tree of prefixes with bars.
  func text(top: Int, width: Int) -> String {
    let nodes = nodes
    let tree = Tree(nodes)
    let whole = nodes.first?.summary.memoryByteCount ?? 0
    // A wide terminal shows the columns of the CSV.
    let isWide = width >= 120
    var table = TextTable(
      left: [0, 4], gap: width < 100 ? 1 : 2,
      ["prefix", "keys", "memory", "share", "", "p50", "p99", "no ttl", "expired"]
        + (isWide ? ["keys without ttl", "average", "mean idle"] : []))
    let order = tree.order(top: top)
    for line in order {
      switch line {
      case .node(let number): table.add(row(nodes[number], whole, isWide))
      case .more(let depth, let count):
        table.add([TextTable.Cell(String(repeating: "  ", count: depth) + "… \(count) more")])
      }
    }
    // The names take the width that the other columns leave.
    let limit = max(width - table.restWidth, 16)
    for (row, line) in order.enumerated() {
      guard case .node(let number) = line else { continue }
      let parent = tree.parents[number].map { nodes[$0].prefix.bytes.count } ?? 0
      table.setFirst(row + 1, name(nodes[number], after: parent, limit))
    }
    var text = table.text
    text += "\nPercentiles are at most 1.6 % off; other figures are exact, but memory is estimated.\n"
    if isGathered {
      text +=
        "There are more than \(options.nodeLimit) prefixes (--max-nodes): (other) sums up the smaller children of a prefix.\n"
        + "--fold-digits and --fold-uuid reduce the number of prefixes.\n"
    }
    return text
  }

  /// The cell with the name of a prefix.
  ///
  /// - Parameter parent: The length of the parent prefix, in bytes.
  private func name(_ node: PrefixNode, after parent: Int, _ limit: Int) -> TextTable.Cell {
    if node.depth == 0 { return "(all keys)" }
    let indent = min(2 * node.depth, limit / 2)
    if node.kind == .other { return TextTable.Cell(String(repeating: " ", count: indent) + "(other)") }
    return TextTable.Cell(node.prefix.bytes.dropFirst(parent), indent: indent, limit: limit)
  }

  private func row(_ node: PrefixNode, _ whole: UInt64, _ isWide: Bool) -> [TextTable.Cell] {
    let summary = node.summary
    let share = whole > 0 ? Double(summary.memoryByteCount) / Double(whole) : 0
    let bar = String(repeating: "#", count: Int((share * 6).rounded()))
    return [
      "", TextTable.Cell(short(summary.keys)), bytes(summary.memoryByteCount),
      TextTable.Cell(percent(summary.memoryByteCount, of: whole)),
      TextTable.Cell(bar.padding(to: 6)), bytes(summary.sizes.quantile(0.5)), bytes(summary.sizes.quantile(0.99)),
      TextTable.Cell(percent(summary.memoryWithoutExpiry, of: summary.memoryByteCount)),
      TextTable.Cell(short(summary.keysExpired)),
    ] + (isWide ? wideCells(summary) : [])
  }

  private func wideCells(_ summary: KeySummary) -> [TextTable.Cell] {
    [
      TextTable.Cell(short(summary.keysWithoutExpiry)), bytes(UInt64(summary.sizes.mean.rounded())),
      TextTable.Cell(summary.meanIdleSeconds.map { "\(Int($0.rounded())) s" } ?? "–"),
    ]
  }

  func csv(defuses: Bool) -> [UInt8] { prefixCSV(nodes, defuses: defuses) }

  /// Returns the report with at most `top` child prefixes per prefix.
  func cut(to top: Int?) -> CutPrefixReport {
    guard let top else { return CutPrefixReport(report: self, nodes: nodes) }
    let all = nodes
    var kept: Set<Int> = []
    for line in Tree(all).order(top: top) { if case .node(let number) = line { kept.insert(number) } }
    return CutPrefixReport(report: self, nodes: all.indices.filter { kept.contains($0) }.map { all[$0] })
  }
}

private func prefixCSV(_ nodes: [PrefixNode], defuses: Bool) -> [UInt8] {
  var csv = CSVText(
    [
      "prefix", "kind", "depth", "keys", "memory_bytes", "share", "average_bytes", "p50_bytes", "p99_bytes",
      "keys_without_expiry", "memory_bytes_without_expiry", "keys_expired", "keys_with_idle",
      "mean_idle_seconds", "serialized_bytes",
    ], defuses: defuses)
  let whole = Double(nodes.first?.summary.memoryByteCount ?? 0)
  for node in nodes {
    let summary = node.summary
    csv.row([
      .text(node.prefix.bytes), .number(node.kind.rawValue), .number(UInt64(node.depth)), .number(summary.keys),
      .number(summary.memoryByteCount),
      .number(whole > 0 ? "\((Double(summary.memoryByteCount) / whole * 1e6).rounded() / 1e6)" : "0"),
      .number("\(Int(summary.sizes.mean.rounded()))"), .number(summary.sizes.quantile(0.5)),
      .number(summary.sizes.quantile(0.99)), .number(summary.keysWithoutExpiry),
      .number(summary.memoryWithoutExpiry), .number(summary.keysExpired), .number(summary.keysWithIdle),
      summary.meanIdleSeconds.map { .number("\(Int($0.rounded()))") } ?? .none,
      .number(summary.serializedByteCount),
    ])
  }
  return csv.bytes
}

/// A report with some of its prefixes left out.
struct CutPrefixReport: Encodable {
  let report: PrefixReport
  let nodes: [PrefixNode]

  private enum CodingKeys: String, CodingKey {
    case format, options, reference, nodes, cut
    case isGathered = "gathered"
    case quantileError = "quantile_relative_error"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(report.format, forKey: .format)
    try container.encode(report.options, forKey: .options)
    try container.encode(report.reference, forKey: .reference)
    try container.encode(report.isGathered, forKey: .isGathered)
    if nodes.count < report.nodes.count { try container.encode(true, forKey: .cut) }
    try container.encode(SizeHistogram.relativeError, forKey: .quantileError)
    try container.encode(nodes, forKey: .nodes)
  }

  func csv(defuses: Bool) -> [UInt8] { prefixCSV(nodes, defuses: defuses) }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(width - count, 0))
  }
}

/// The tree of prefixes: each is a child of the prefix that it continues.
private struct Tree {
  private let nodes: [PrefixNode]
  private var children: [[Int]]
  private(set) var parents: [Int?]

  enum Line {
    case node(Int)
    /// A number of children of one prefix that are left out.
    case more(depth: Int, count: Int)
  }

  init(_ nodes: [PrefixNode]) {
    self.nodes = nodes
    children = Array(repeating: [], count: nodes.count)
    parents = Array(repeating: nil, count: nodes.count)
    // The prefixes from the root to the current one.
    var path: [Int] = []
    for number in nodes.indices {
      while let last = path.last, nodes[last].depth >= nodes[number].depth { path.removeLast() }
      parents[number] = path.last
      if let parent = path.last { children[parent].append(number) }
      path.append(number)
    }
    let all = nodes
    for parent in children.indices {
      children[parent].sort { a, b in
        let (bytesA, bytesB) = (all[a].summary.memoryByteCount, all[b].summary.memoryByteCount)
        if (all[a].kind == .other) != (all[b].kind == .other) { return all[b].kind == .other }
        return bytesA != bytesB ? bytesA > bytesB : all[a].prefix < all[b].prefix
      }
    }
  }

  /// The lines in depth-first order, with at most `top` children per prefix, then `(other)`, which gathers the rest.
  func order(top: Int) -> [Line] {
    var order: [Line] = []
    func visit(_ number: Int) {
      order.append(.node(number))
      let shown = children[number].filter { nodes[$0].kind != .other }
      shown.prefix(top).forEach(visit)
      if shown.count > top {
        order.append(.more(depth: nodes[number].depth + 1, count: shown.count - top))
      }
      children[number].filter { nodes[$0].kind == .other }.forEach(visit)
    }
    if !nodes.isEmpty { visit(0) }
    return order
  }
}
