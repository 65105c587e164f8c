import RDB
import RDBAnalysis
import RDBSupport

/// The result of `rdb check` as text.
extension SnapshotCheck {
  func text(of name: String) -> String {
    var lines = TextColumns()
    lines.line("\(name): \(verdict)")
    if let damage {
      lines.row("damage", damage.message)
    }
    if let header {
      lines.row("format", "\(header.vendor == "redis" ? "REDIS" : "VALKEY") \(header.version)")
    }
    lines.row(damage == nil ? "read" : "before it", counts)
    for (type, counts) in types.sorted(by: { $0.key < $1.key }) {
      lines.row("  \(type)", Self.text(counts, hasElements: type != "string"))
    }
    if checksum?.state == "verified" { lines.row("checksum", "right (\(checksum?.value ?? ""))") }
    for warning in warnings { lines.row("warning", Self.text(warning)) }
    if let duplicates { write(duplicates, to: &lines) }
    return lines.text
  }

  private var verdict: String {
    if damage != nil { return "damaged" }
    return isOK ? "whole" : "whole, but not unique"
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
        lines.row("", "\(key) at offset \(one.offset) repeats the one at \(one.firstOffset ?? 0)")
      }
    }
    if UInt64(duplicates.first.count) < duplicates.count { lines.row("", "…") }
  }
}
