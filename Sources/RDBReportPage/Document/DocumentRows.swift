import RDBAnalysis
import RDBSupport

extension TotalRow {
  init(_ summary: KeySummary, largest: UInt64?) {
    self.init(
      keys: summary.keys, memoryByteCount: summary.memoryByteCount, serializedByteCount: summary.serializedByteCount,
      keysWithoutExpiry: summary.keysWithoutExpiry, memoryWithoutExpiry: summary.memoryWithoutExpiry,
      keysExpired: summary.keysExpired, memoryExpired: summary.expiries[.expired].memoryByteCount,
      largestKeyByteCount: largest)
  }
}

extension PrefixRow {
  /// The prefixes with most memory, each after its parent; and the number of the others.
  static func rows(of report: PrefixReport, _ names: Names) -> (rows: [PrefixRow], omitted: Int) {
    let nodes = report.nodes
    // A prefix has at least the memory of each longer prefix, so parents are kept with their children.
    let order = nodes.indices.sorted { a, b in
      let (bytesA, bytesB) = (nodes[a].summary.memoryByteCount, nodes[b].summary.memoryByteCount)
      if bytesA != bytesB { return bytesA > bytesB }
      return (nodes[a].depth, nodes[a].prefix) < (nodes[b].depth, nodes[b].prefix)
    }
    let kept = Set(order.prefix(ReportLimits.prefixes))
    var rows: [PrefixRow] = []
    // The path from the root to the current node: the depth of each node, and its row if it is kept.
    var path: [(depth: Int, row: Int?)] = []
    for (index, node) in nodes.enumerated() {
      while let last = path.last, last.depth >= node.depth { path.removeLast() }
      guard kept.contains(index) else {
        path.append((node.depth, nil))
        continue
      }
      let parent = path.last { $0.row != nil }?.row
      path.append((node.depth, rows.count))
      rows.append(
        PrefixRow(
          prefix: names(node.prefix), kind: node.kind, depth: node.depth, parent: parent, keys: node.summary.keys,
          memoryByteCount: node.summary.memoryByteCount, memoryWithoutExpiry: node.summary.memoryWithoutExpiry,
          keysExpired: node.summary.keysExpired))
    }
    return (rows, nodes.count - rows.count)
  }
}

extension CandidateRow {
  static func rows(of report: TTLReport, _ names: Names) -> [CandidateRow] {
    report.candidates(limit: .max)
      .sorted { a, b in
        a.memoryWithoutExpiry != b.memoryWithoutExpiry
          ? a.memoryWithoutExpiry > b.memoryWithoutExpiry : a.prefix < b.prefix
      }
      .prefix(ReportLimits.candidates).map { candidate in
        CandidateRow(
          prefix: names(candidate.prefix), keys: candidate.keysWithoutExpiry,
          memoryByteCount: candidate.memoryWithoutExpiry,
          meanIdleSeconds: candidate.meanIdleSeconds.map { UInt64(min(max($0.rounded(), 0), 1e15)) })
      }
  }
}

extension TypeRow {
  /// A row for each type and encoding, over all databases, in descending order of memory.
  static func rows(of stats: StatsReport) -> [TypeRow] {
    var rows: [TypeRow] = []
    for cell in stats.cells {
      let index = rows.firstIndex { $0.type == cell.type && $0.encoding == cell.encoding } ?? rows.count
      if index == rows.count {
        rows.append(
          TypeRow(
            type: cell.type, encoding: cell.encoding, keys: 0, memoryByteCount: 0, serializedByteCount: 0,
            memoryWithoutExpiry: 0))
      }
      rows[index].keys &+= cell.summary.keys
      rows[index].memoryByteCount &+= cell.summary.memoryByteCount
      rows[index].serializedByteCount &+= cell.summary.serializedByteCount
      rows[index].memoryWithoutExpiry &+= cell.summary.memoryWithoutExpiry
    }
    rows.sort { a, b in
      a.memoryByteCount != b.memoryByteCount
        ? a.memoryByteCount > b.memoryByteCount : (a.type, a.encoding ?? "") < (b.type, b.encoding ?? "")
    }
    return Array(rows.prefix(ReportLimits.types))
  }
}

extension RangeRow {
  /// A row for each range; none if no range has keys.
  static func rows(of summary: ExpirySummary, _ ranges: [ExpiryRange]) -> [RangeRow] {
    guard ranges.contains(where: { summary[$0].keys > 0 }) else { return [] }
    return ranges.map { RangeRow(range: $0, keys: summary[$0].keys, memoryByteCount: summary[$0].memoryByteCount) }
  }
}

extension BucketRow {
  /// The bars of a histogram. Each is four times as wide as the one before.
  static func rows(of histogram: SizeHistogram) -> [BucketRow] {
    var rows: [BucketRow] = []
    for (range, count) in histogram.ranges where count > 0 {
      let start = range.lowerBound
      if let last = rows.last, start < last.to {
        rows[rows.count - 1].keys &+= count
        continue
      }
      var next = rows.last?.to ?? 0
      // Ranges between two others are bars too, of no keys.
      while true {
        let end: UInt64 = next == 0 ? 1 : next > .max / 4 ? .max : next * 4
        let holds = start < end || end == .max
        if !rows.isEmpty || holds { rows.append(BucketRow(from: next, to: end, keys: holds ? count : 0)) }
        if holds { break }
        next = end
      }
    }
    return rows
  }
}

extension SizesDocument {
  init(_ stats: StatsReport) {
    var types: [String: SizeHistogram] = [:]
    var (strings, elements) = (SizeHistogram(), SizeHistogram())
    for cell in stats.cells {
      types[cell.type, default: SizeHistogram()].merge(cell.summary.sizes)
      if cell.type == "string" {
        strings.merge(cell.elements)
      } else if cell.type != "module" {
        elements.merge(cell.elements)
      }
    }
    var rows = types.sorted { $0.key < $1.key }.map { Row($0.key, $0.value) }
    rows.append(Row("all keys", stats.total.sizes))
    rows.append(Row("length of name", stats.names))
    self.init(
      quantileError: SizeHistogram.relativeError, rows: rows, memory: BucketRow.rows(of: stats.total.sizes),
      strings: BucketRow.rows(of: strings), elements: BucketRow.rows(of: elements))
  }
}

extension SizesDocument.Row {
  init(_ subject: String, _ sizes: SizeHistogram) {
    self.init(
      subject: subject, mean: UInt64(min(sizes.mean.rounded(), 1e18)), quantile50: sizes.quantile(0.5),
      quantile90: sizes.quantile(0.9), quantile99: sizes.quantile(0.99), quantile999: sizes.quantile(0.999))
  }
}

extension LargestDocument {
  init(_ top: TopReport, _ names: Names) {
    func rows(_ measure: TopReport.Measure, _ limit: Int) -> [KeyRow] {
      top.keys(by: measure).prefix(limit).map { KeyRow($0, names) }
    }
    self.init(
      memory: rows(.memory, ReportLimits.memoryKeys), elements: rows(.elements, ReportLimits.otherKeys),
      idle: rows(.idle, ReportLimits.otherKeys), frequency: rows(.frequency, ReportLimits.otherKeys))
  }
}

extension KeyRow {
  init(_ entry: KeyEntry, _ names: Names) {
    self.init(
      database: entry.database, key: names(entry.key), type: entry.type, encoding: entry.encoding,
      memoryByteCount: entry.memoryByteCount, elements: entry.elements,
      largestElementByteCount: entry.largestElementByteCount, expiryMilliseconds: entry.expiryMilliseconds,
      idleSeconds: entry.idleSeconds, frequency: entry.frequency.map { UInt64($0) })
  }
}

extension SlotsDocument {
  init(_ stats: StatsReport, _ names: Names) {
    let (keys, memory) = (stats.slots.keys, stats.slots.memory)
    let width = HashSlots.count / ReportLimits.slotBins
    let bins = stride(from: 0, to: HashSlots.count, by: width).map { start in
      Row(
        slot: start, keys: keys[start..<start + width].reduce(0, &+),
        memoryByteCount: memory[start..<start + width].reduce(0, &+))
    }
    let order = keys.indices.filter { keys[$0] > 0 }.sorted { (memory[$1], $0) < (memory[$0], $1) }
    let used = stats.slots.used
    let mean = Double(memory.reduce(0, &+)) / Double(max(used, 1))
    self.init(
      used: used, meanKeys: Double(keys.reduce(0, &+)) / Double(max(used, 1)), meanMemory: mean,
      skew: mean > 0 ? Double(memory.max() ?? 0) / mean : 0, bins: used > 0 ? bins : [], binWidth: width,
      largest: order.prefix(ReportLimits.slots).map { Row(slot: $0, keys: keys[$0], memoryByteCount: memory[$0]) },
      taggedKeys: stats.taggedKeys,
      tags: stats.topTags.prefix(ReportLimits.tags).map {
        Tag(tag: names($0.example), keys: $0.keys, keysError: $0.keysError)
      })
  }
}

extension KeyspacesDocument {
  init(_ stats: StatsReport) {
    let recognised = stats.recognisedKeyspaces
    self.init(
      recognised: recognised, rows: stats.keyspaces.filter { recognised.contains($0.keyspace) },
      sessions: stats.sessions.map {
        Sessions(whole: $0.whole, expired: $0.expired, withoutMark: $0.withoutMark, markOnly: $0.markOnly)
      })
  }
}

extension NearMissRow {
  static func rows(of stats: StatsReport) -> [NearMissRow] {
    stats.nearMisses.filter { $0.keys > 0 }.map {
      NearMissRow(
        setting: $0.setting, limit: $0.limit, needed: $0.needed, keys: $0.keys, memoryByteCount: $0.memoryByteCount,
        savedByteCount: $0.savedByteCount)
    }
    .sorted { ($1.savedByteCount, $0.setting) < ($0.savedByteCount, $1.setting) }
  }
}

extension RepeatedDocument {
  init(_ stats: StatsReport, _ names: Names) {
    self.init(
      sampling: stats.valueSampling,
      rows: stats.repeatedValues.map {
        Row(
          example: names($0.example), byteCount: $0.byteCount, keys: $0.keys, keysError: $0.keysError,
          wastedByteCount: StatsReport.waste($0))
      })
  }
}
