import RDB
import RDBAnalysis
import RDBSupport

/// The result of `rdb check` as text.
extension SnapshotCheck {
  /// - Parameter isStrict: Whether warnings and hostile findings count as a refusal.
  func text(of name: String, isStrict: Bool) -> String {
    var lines = TextColumns()
    lines.line("\(name): \(verdict(isStrict: isStrict))")
    if let damage {
      lines.row(damage.code.hasPrefix("unsupported") ? "reason" : "damage", damage.message)
    }
    if let header {
      lines.row("format", "\(header.vendor == "redis" ? "REDIS" : "VALKEY") \(header.version)")
    }
    lines.row(damage == nil ? "read" : "before damage", counts)
    for (type, counts) in types.sorted(by: { $0.key < $1.key }) {
      lines.row("  \(type)", Self.text(counts, hasElements: type != "string"))
    }
    if checksum?.state == "verified" { lines.row("checksum", "verified (\(checksum?.value ?? ""))") }
    for list in findings { write(list, to: &lines) }
    for warning in warnings { lines.row("warning", Self.text(warning)) }
    if let duplicates { write(duplicates, to: &lines) }
    return lines.text
  }

  private func verdict(isStrict: Bool) -> String {
    if let damage {
      let isUnsupported = damage.code.hasPrefix("unsupported")
      return isUnsupported ? "not supported" : "damaged"
    }
    if isStrict, isOK, !isStrictlyOK { return "whole, but refused by --strict" }
    return isOK ? "whole" : "whole, but with duplicates"
  }

  private var counts: String {
    let size = byteCount.map { ", \(counted($0, "byte"))" } ?? ""
    return "\(counted(keys, "key")), \(counted(elements, "element"))\(size)"
  }

  private static func text(_ counts: TypeCounts, hasElements: Bool) -> String {
    let elements = hasElements ? ", \(counted(counts.elements, "element"))" : ""
    return "\(counted(counts.keys, "key"))\(elements), \(readable(byteCount: Double(counts.storedByteCount)))"
  }

  private static func text(_ warning: Warning) -> String {
    let names = warning.keys.map { printable($0.key.bytes) }.joined(separator: ", ")
    let isAll = UInt64(warning.keys.count) >= warning.count
    guard !names.isEmpty else { return warning.message }
    return "\(warning.count) × \(warning.message): \(names)\(isAll ? "" : ", …")"
  }

  private func write(_ list: FindingList, to lines: inout TextColumns) {
    let notes = [list.refusedBy.map { "refused by \($0)" }, list.cve].compactMap { $0 }
    let suffix = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
    lines.row(list.severity, "\(list.count) × \(list.kind): \(list.message)\(suffix)")
    for one in list.first.entries {
      let key = one.key.map { "key \(printable($0.bytes)) of db \(one.database ?? 0) " } ?? ""
      let inner = one.innerOffset.map { " + \($0)" } ?? ""
      lines.row("", "\(key)at offset \(one.offset)\(inner): expected \(one.expected), found \(one.found)")
    }
    if UInt64(list.first.entries.count) < list.count { lines.row("", "…") }
  }

  private func write(_ duplicates: Duplicates, to lines: inout TextColumns) {
    lines.row("duplicates", "\(duplicates.count)")
    for one in duplicates.first {
      let key = "key \(printable(one.key.bytes)) of db \(one.database)"
      if let member = one.member {
        lines.row(
          "",
          "\(printable(member.bytes)) in \(key) at offset \(one.offset): element "
            + "\(one.index ?? 0) repeats element \(one.firstIndex ?? 0)")
      } else {
        lines.row("", "\(key) at offset \(one.offset) repeats the key at offset \(one.firstOffset ?? 0)")
      }
    }
    if UInt64(duplicates.first.count) < duplicates.count { lines.row("", "…") }
  }
}
