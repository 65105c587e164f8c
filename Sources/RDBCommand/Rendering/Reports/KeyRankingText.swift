import RDB
import RDBAnalysis
import RDBFormat

extension Ranking {
  /// The ranking as text, in the words of redis-cli.
  func text(of report: TopReport, perType isPerType: Bool) -> String {
    var text = "\n-------- summary -------\n\n"
    let keys = report.types.values.reduce(0) { $0 + $1.keys }
    let names = report.types.values.reduce(0) { $0 + $1.nameByteCount }
    text += "Sampled \(keys) keys in the keyspace!\n"
    text += "Total key length in bytes is \(names) (avg len \(Self.ratio(names, keys)))\n\n"
    let types = DataType.allCases.map(\.rawValue).filter { report.types[$0] != nil }
    if isPerType {
      for type in types { text += lines(report.ranked(by: measure, type: type)) }
    } else {
      text += lines(report.ranked(by: measure))
    }
    if kind == .biggest {
      text += "\n"
      for type in types { text += line(of: type, report.types[type] ?? TopReport.TypeSummary(), keys) }
    } else if report.ranked(by: measure).isEmpty {
      text +=
        kind == .hottest
        ? "The snapshot has no LFU counters: a server writes them only under an LFU maxmemory-policy.\n"
        : "The snapshot has no idle times: a server writes them only under an LRU maxmemory-policy.\n"
    }
    return text
  }

  private func lines(_ keys: [TopReport.Ranked]) -> String {
    keys.map { ranked in
      let name = Self.name(ranked.entry)
      return switch kind {
      case .biggest:
        "Biggest \(ranked.entry.type.leftPadded(to: 6)) found '\(name)' has \(ranked.value) \(unit(of: ranked.entry.type))\n"
      case .hottest: "hot key found with counter: \(ranked.value)\tkeyname: \(name)\n"
      case .idlest: "idle key found with idle seconds: \(ranked.value)\tkeyname: \(name)\n"
      }
    }.joined()
  }

  /// The name of a key in quotation marks, with its database unless that is 0.
  private static func name(_ entry: KeyEntry) -> String {
    let shown = "\"" + DisplayText.name(entry.key.bytes.span.bytes) + "\""
    return entry.database == 0 ? shown : "\(shown) (db \(entry.database))"
  }

  private func line(of type: String, _ summary: TopReport.TypeSummary, _ keys: UInt64) -> String {
    let sum = measure == .memory ? summary.memoryByteCount : summary.length
    return "\(summary.keys) \(type)s with \(sum) \(unit(of: type)) "
      + "(\(Self.ratio(summary.keys * 100, keys).leftPadded(to: 5, with: "0"))% of keys, avg size \(Self.ratio(sum, summary.keys)))\n"
  }

  private func unit(of type: String) -> String {
    guard measure == .valueLength || measure == .elements else { return "bytes" }
    return switch type {
    case "string": measure == .valueLength ? "bytes" : "element"
    case "list": "items"
    case "hash": "fields"
    case "stream": "entries"
    case "set", "zset": "members"
    default: "elements"
    }
  }

  /// A quotient with two decimals.
  private static func ratio(_ part: UInt64, _ whole: UInt64) -> String {
    let hundredths = whole > 0 ? Int((Double(part) / Double(whole) * 100).rounded()) : 0
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }
}

extension TopReport {
  /// The report as CSV, with a row for each key of each list.
  func csv(defuses: Bool) -> [UInt8] {
    var csv = CSVText(
      [
        "measure", "of_type", "rank", "value", "db", "type", "key", "memory_bytes", "serialized_bytes",
        "encoding", "elements", "largest_element_bytes", "largest_element", "expire_ms", "idle", "freq",
      ], defuses: defuses)
    for list in lists {
      for (rank, ranked) in list.keys.enumerated() {
        let entry = ranked.entry
        csv.row([
          .number(list.measure.rawValue), .number(list.type ?? ""), .number(UInt64(rank + 1)),
          .number(ranked.value), .number(entry.database), .number(entry.type), .text(entry.key.bytes),
          .number(entry.memoryByteCount), .number(entry.serializedByteCount), .number(entry.encoding ?? ""),
          .number(entry.elements), .number(entry.largestElementByteCount), .text(entry.largestElement.bytes),
          .number(entry.expiryMilliseconds), .number(entry.idleSeconds),
          .number(entry.frequency.map { UInt64($0) }),
        ])
      }
    }
    return csv.bytes
  }
}
