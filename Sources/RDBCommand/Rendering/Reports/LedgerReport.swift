import RDB
import RDBSupport

/// The ledger of a conversion as text.
struct LedgerReport {
  var ledger: Ledger
  /// Remarks about the input, such as an unverified checksum or bytes after the snapshot.
  var notes: [String] = []
  /// Whether to write losses only.
  var isQuiet = false

  /// Whether this was a dry run, which writes nothing.
  var isDryRun = false

  /// The lines for standard error.
  var text: String {
    var lines: [String] = []
    if !isQuiet {
      lines.append(
        "\(counted(ledger.keysRead, "key")) read, \(ledger.keysWritten) \(isDryRun ? "would be written" : "written"), "
          + "\(ledger.keysFiltered) filtered")
    }
    for (reason, entry) in ledger.sortedLosses {
      lines.append("lost: \(counted(entry.count, reason.loss)): \(OptionFlags.naming(reason.why))\(names(of: entry))")
    }
    if !isQuiet {
      for (what, entry) in ledger.sortedNotes {
        lines.append("noted: \(entry.count) × \(OptionFlags.naming(what))\(names(of: entry))")
      }
      lines += notes.map { "note: \($0)" }
    }
    return lines.map { "rdb: \($0)\n" }.joined()
  }

  private func names(of entry: Ledger.Count) -> String {
    guard !entry.samples.isEmpty else { return "" }
    let names = entry.samples.map { sample in
      printable(sample.name) + (sample.newName.map { " -> \(printable($0))" } ?? "")
    }.joined(separator: ", ")
    let isAll = entry.samples.count >= entry.count
    return ": \(names)\(isAll ? "" : ", …")"
  }
}

/// A number of losses: `3 pending entries`.
private func counted(_ count: UInt64, _ loss: Ledger.Loss) -> String {
  let plural =
    switch loss {
    case .entry: "entries"
    case .expiry: "expiries"
    case .pendingEntry: "pending entries"
    case .functionLibrary: "function libraries"
    case .script: "scripts"
    case .moduleAux: "module AUX records"
    default: loss.rawValue + "s"
    }
  return counted(count, loss == .moduleAux ? "module AUX record" : loss.rawValue, plural)
}

extension Ledger {
  /// The losses in the order in which kinds are declared, then by reason.
  var sortedLosses: [(key: Reason, value: Count)] {
    let order = Dictionary(uniqueKeysWithValues: Loss.allCases.enumerated().map { ($1, $0) })
    return lost.sorted { a, b in
      (order[a.key.loss] ?? 0, a.key.why) < (order[b.key.loss] ?? 0, b.key.why)
    }
  }

  var sortedNotes: [(key: String, value: Count)] { noted.sorted { $0.key < $1.key } }
}
