import RDBAnalysis

/// The prefixes of one snapshot, to compare with those of another time.
struct PrefixState {
  private var nodes: [BinaryText: (keys: UInt64, memory: UInt64)] = [:]
  /// The prefixes whose longer prefixes are gathered in one node.
  private var gathered: Set<BinaryText> = []
  /// The lengths of these prefixes, in bytes.
  private var gatheredLengths: Set<Int> = []

  init(_ all: [PrefixNode]) {
    for node in all {
      switch node.kind {
      case .prefix: if node.depth > 0 { nodes[node.prefix] = (node.summary.keys, node.summary.memoryByteCount) }
      case .template: break
      case .other:
        gathered.insert(node.prefix)
        gatheredLengths.insert(node.prefix.bytes.count)
      }
    }
  }

  var prefixes: Dictionary<BinaryText, (keys: UInt64, memory: UInt64)>.Keys { nodes.keys }

  /// The keys and the memory of a prefix; `nil` if the snapshot may have gathered it with others.
  func amount(of prefix: BinaryText) -> (keys: UInt64, memory: UInt64)? {
    if let amount = nodes[prefix] { return amount }
    let isGathered = gatheredLengths.contains { length in
      length <= prefix.bytes.count && gathered.contains(BinaryText(Array(prefix.bytes.prefix(length))))
    }
    return isGathered ? nil : (0, 0)
  }
}

extension GrowthRow {
  /// The prefixes that grew or shrank most from the first snapshot to the last.
  ///
  /// A prefix is left out if one longer prefix has all of its growth.
  static func rows(of states: [PrefixState], _ names: Names) -> [GrowthRow] {
    guard let first = states.first, let last = states.last, states.count > 1 else { return [] }
    let prefixes = Set(first.prefixes).union(last.prefixes)
    var rows: [GrowthRow] = []
    for prefix in prefixes {
      guard let before = first.amount(of: prefix), let after = last.amount(of: prefix), before != after else {
        continue
      }
      rows.append(
        GrowthRow(
          prefix: prefix, keysBefore: before.keys, keysAfter: after.keys, memoryBefore: before.memory,
          memoryAfter: after.memory, memory: []))
    }
    rows.sort { a, b in
      let (growthA, growthB) = (a.growth.magnitude, b.growth.magnitude)
      if growthA != growthB { return growthA > growthB }
      // A longer prefix first, so that it replaces the shorter ones with the same growth.
      return a.prefix.bytes.count != b.prefix.bytes.count
        ? a.prefix.bytes.count > b.prefix.bytes.count : a.prefix < b.prefix
    }
    var kept: [GrowthRow] = []
    for row in rows where kept.count < ReportLimits.growth {
      let isCovered = kept.contains { $0.growth == row.growth && $0.prefix.bytes.starts(with: row.prefix.bytes) }
      if !isCovered { kept.append(row) }
    }
    return kept.map { row in
      GrowthRow(
        prefix: names(row.prefix), keysBefore: row.keysBefore, keysAfter: row.keysAfter,
        memoryBefore: row.memoryBefore, memoryAfter: row.memoryAfter,
        memory: states.map { $0.amount(of: row.prefix)?.memory })
    }
  }
}
