import RDB
import RDBAnalysis
import RDBEdit
import RDBFormat
import RDBSupport

/// A key that differs, as lines of text.
struct DifferenceText {
  private(set) var text: String

  /// The most bytes of a name or value that are shown.
  private static let shownByteCount = 64

  init(_ key: KeyDifference) {
    let name = DisplayText.name(key.name.span.bytes)
    text = "\(Self.mark(key.kind)) db\(key.database) \(name): \(Self.sizes(key))\n"
    if let before = key.before, let after = key.after {
      if before.expiry != after.expiry {
        text += "    ~ expiry: \(Self.time(before.expiry)) → \(Self.time(after.expiry))\n"
      }
      if before.metadata != after.metadata { text += "    ~ metadata\n" }
    }
    for change in key.changes { text += "    \(Self.line(change))\n" }
    if key.omittedCount > 0 { text += "    … \(Self.counts(key)), of which \(key.changes.count) are shown\n" }
  }

  private static func mark(_ kind: KeyDifference.Kind) -> String {
    switch kind {
    case .added: "+"
    case .removed: "-"
    case .changed: "~"
    }
  }

  private static func time(_ time: UnixMilliseconds?) -> String {
    time.map { DateText.text(milliseconds: $0.value) } ?? "never"
  }

  /// The type and the size: `hash, 12 → 14 bytes`.
  private static func sizes(_ key: KeyDifference) -> String {
    guard let before = key.before, let after = key.after else {
      let side = key.before ?? key.after
      return "\(side?.type.rawValue ?? ""), \(counted(side?.byteCount ?? 0, "byte"))"
    }
    if before.type != after.type {
      return
        "\(before.type.rawValue), \(counted(before.byteCount, "byte")) → \(after.type.rawValue), \(counted(after.byteCount, "byte"))"
    }
    let size =
      before.byteCount == after.byteCount
      ? counted(after.byteCount, "byte") : "\(before.byteCount) → \(counted(after.byteCount, "byte"))"
    return "\(after.type.rawValue), \(size)"
  }

  /// The number of changes by part: `2 fields added, 1 field removed`.
  private static func counts(_ key: KeyDifference) -> String {
    key.counts.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { part, counts in
      [(counts.added, "added"), (counts.removed, "removed"), (counts.changed, "changed")].filter { $0.0 > 0 }.map {
        "\(counted($0.0, part.name, part.plural)) \($0.1)"
      }
    }.joined(separator: ", ")
  }

  private static func line(_ change: PartChange) -> String {
    var line = "\(mark(change.kind)) \(change.part.name)"
    if change.part == .element || change.part == .index {
      let index = change.part == .index ? String(decoding: change.name, as: UTF8.self) : indexes(change)
      line += " \(index)"
    } else if change.part == .pathField, let path = change.container {
      line += " \(quoted(path)) \(quoted(change.name, of: change.nameByteCount))"
    } else if change.part != .value, change.part != .payload {
      let isPlain = change.part == .entry || change.part == .number || change.part == .pending
      line +=
        isPlain
        ? " \(String(decoding: change.name, as: UTF8.self))" : " \(quoted(change.name, of: change.nameByteCount))"
      if let container = change.container {
        line += " of \(change.part == .producerID ? "producer" : "group") \(quoted(container))"
      }
    }
    let sides = [change.before, change.after].compactMap { $0 }.map { value($0, of: change.part) }
    if sides.contains(where: { !$0.isEmpty }) { line += ": " + sides.joined(separator: " → ") }
    if change.part == .value, let common = change.commonByteCount, common > 0 {
      line += " (the first \(counted(common, "byte")) equal)"
    }
    return line
  }

  private static func indexes(_ change: PartChange) -> String {
    let indexes = [change.before, change.after].compactMap { $0?.index }
    return Set(indexes).count == 1 ? "\(indexes[0])" : indexes.map { "\($0)" }.joined(separator: " → ")
  }

  private static func value(_ side: PartChange.Side, of part: PartKind) -> String {
    switch part {
    case .member: return side.number.map(scoreText) ?? ""
    case .field:
      let expiry = side.number.map { ", expires \(DateText.text(milliseconds: Int64(bitPattern: $0)))" } ?? ""
      return quoted(side.value, of: side.byteCount) + expiry
    case .payload: return counted(side.number ?? 0, "byte")
    case .path, .consumer: return ""
    case .entry, .number, .group, .pending, .producerID: return plain(side.value, of: side.byteCount)
    case .key, .value, .element, .index, .pathField: return quoted(side.value, of: side.byteCount)
    }
  }

  /// A score as servers show it, from the bits of a double: `3`, `0.5`, `inf`.
  static func scoreText(_ bits: UInt64) -> String {
    let text = "\(Double(bitPattern: bits))"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func quoted(_ bytes: [UInt8], of byteCount: UInt64? = nil) -> String {
    let count = byteCount ?? UInt64(bytes.count)
    return printable(bytes, limit: shownByteCount) + (count > UInt64(shownByteCount) ? " (\(count) bytes)" : "")
  }

  /// Text that was made of safe characters, cut if it is long.
  private static func plain(_ bytes: [UInt8], of byteCount: UInt64) -> String {
    let limit = 4 * shownByteCount
    let text = String(decoding: bytes.prefix(limit), as: UTF8.self)
    return byteCount > UInt64(limit) ? "\(text)… (\(byteCount) bytes)" : text
  }
}

extension DifferenceSummary {
  /// The end of the text.
  ///
  /// - Parameter hasKeys: Whether lines of keys precede.
  func text(hasKeys: Bool) -> String {
    let counts = matches.counts
    var text = ""
    if hasKeys { text += "\n" }
    if !growth.isEmpty {
      var table = TextTable(["prefix", "added", "removed", "changed", "keys", "data"])
      for node in growth + [all] {
        let isAll = node.prefix.bytes.isEmpty && !node.isTemplate
        table.add([
          isAll ? "(all keys)" : TextTable.Cell(node.prefix.bytes, limit: 60), TextTable.Cell("\(node.added)"),
          TextTable.Cell("\(node.removed)"), TextTable.Cell("\(node.changed)"),
          TextTable.Cell(Self.signed(node.keyGrowth)),
          TextTable.Cell(Self.signedSize(node.byteGrowth)),
        ])
      }
      text += table.text
      if omittedPrefixes > 0 { text += "… \(omittedPrefixes) more prefixes (--top)\n" }
      text += "\n"
    }
    var columns = TextColumns()
    for (name, totals, file) in [("before", matches.before, before), ("after", matches.after, after)] {
      columns.row(
        name, "\(counted(totals.keyCount, "key")), \(readable(byteCount: Double(totals.byteCount))) of data  (\(file))")
    }
    columns.row(
      "difference",
      counts.differing == 0
        ? "none: all \(counts.notCompared > 0 ? "compared " : "")keys are equal"
        : "\(counts.added) added, \(counts.removed) removed, \(counts.changed) changed, \(counts.equal) equal")
    if counts.expired > 0 { columns.row("expired", "\(counted(counts.expired, "key")) meanwhile") }
    if counts.ignored > 0 { columns.row("ignored", "\(counted(counts.ignored, "key")) added") }
    if counts.notCompared > 0 {
      columns.row("not compared", "\(counted(counts.notCompared, "key")) with a damaged value")
    }
    if counts.repeated > 0 {
      columns.row(
        "repeated", "\(counted(counts.repeated, "record")) of names that a later record has again, not compared")
    }
    return text + columns.text
  }

  private static func signed(_ number: Int64) -> String { number > 0 ? "+\(number)" : "\(number)" }

  private static func signedSize(_ count: Int64) -> String {
    (count > 0 ? "+" : count < 0 ? "-" : "") + readable(byteCount: Double(count.magnitude))
  }
}
