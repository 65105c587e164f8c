import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// What each file of an export tells of its snapshot, in the metadata of its footer.
package enum ExportMetadata {
  /// Returns the pairs. `end` is `nil` if a limit ended the reading.
  ///
  /// - Parameters:
  ///   - source: The name of the input.
  ///   - header: The header of the snapshot.
  package static func pairs(
    source: String, header: SnapshotHeader, end: SnapshotEnd?, _ summary: ColumnarSummary, _ options: ColumnarOptions
  ) -> [(key: String, value: String)] {
    var pairs = [
      ("rdb.schema_version", "\(TableSchema.version)"), ("rdb.source", source),
      ("rdb.vendor", header.vendor.rawValue), ("rdb.version", "\(header.version)"),
      ("rdb.values", options.wantsValues ? "true" : "false"), ("rdb.checksum", checksum(end)),
      ("rdb.keys", "\(summary.ledger.keysWritten)"),
      ("rdb.memory_model", "\(options.model.version), \(options.model.allocator.rawValue)"),
    ]
    if let end { pairs.append(("rdb.bytes", "\(end.byteCount)")) }
    for (name, value) in summary.auxFields {
      // Keys and values of metadata are text.
      if let name = String(validating: name, as: UTF8.self), let value = String(validating: value, as: UTF8.self) {
        pairs.append(("rdb.aux.\(name)", value))
      } else {
        pairs.append(("rdb.aux_base64.\(Base64.encode(name))", Base64.encode(value)))
      }
    }
    return pairs.map { (key: $0.0, value: $0.1) }
  }

  private static func checksum(_ end: SnapshotEnd?) -> String {
    switch end?.checksum {
    case .verified(let value):
      let digits = String(value, radix: 16)
      return "verified " + String(repeating: "0", count: 16 - digits.count) + digits
    case .disabled: return "disabled"
    case .absent: return "absent"
    case .ignored: return "ignored"
    case nil: return "not read"
    }
  }
}

/// The names of the snapshots of one export: each is the name of a file, and unique.
package struct DumpNames {
  private var used: Set<String> = []

  package init() {}

  /// Returns the name for an input.
  ///
  /// - Parameter input: Its path, its address, or `-`.
  package mutating func add(_ input: String) -> String {
    var name = Substring(input == "-" ? "stdin" : input)
    if let scheme = name.range(of: "://") {
      // What is before the host may be a password.
      name = name[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
      if let at = name.lastIndex(of: "@") { name = name[name.index(after: at)...] }
    }
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    let last = name.split(separator: "/").last.map(String.init) ?? "dump"
    var (result, number) = (last, 1)
    while !used.insert(result).inserted {
      number += 1
      result = "\(last)-\(number)"
    }
    return result
  }
}

extension Substring {
  /// The first place of a text.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
