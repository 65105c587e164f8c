import RDBEdit

/// The parts that `rdb split` has written, described by `Schemas/split.schema.json`.
struct SplitTable: Encodable {
  let type = "split"
  let format = 1
  let parts: [Part]

  struct Part: Encodable {
    var file: String
    /// The ranges of hash slots: `0-5460,10923`; `nil` if the parts are not divided by slot.
    var slots: String?
    var keys: UInt64
    var bytes: UInt64
  }

  /// - Parameter owners: The owners of hash slots, one per file, if keys were divided by slot.
  init(_ files: [SnapshotParts.Summary], _ owners: SlotOwners?) {
    let sorted = owners == nil ? files.sorted { Self.order($0.name) < Self.order($1.name) } : files
    parts = sorted.enumerated().map { index, file in
      Part(file: file.name, slots: owners?.nodes[index].text, keys: file.keyCount, bytes: file.byteCount)
    }
  }

  /// Orders names that end with a number by the number: `part-2` before `part-10`.
  private static func order(_ name: String) -> (String, Int, String) {
    let stem = name.dropLast(4)
    let digits = stem.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()
    return (String(stem.dropLast(digits.count)), Int(String(digits)) ?? 0, name)
  }

  private var hasSlots: Bool { parts.contains { $0.slots != nil } }

  var text: String {
    var table = TextTable(
      left: hasSlots ? [0, 1] : [0], hasSlots ? ["part", "slots", "keys", "bytes"] : ["part", "keys", "bytes"])
    for part in parts {
      var row: [TextTable.Cell] = [TextTable.Cell(part.file)]
      if let slots = part.slots { row.append(TextTable.Cell(Self.shortened(slots))) }
      table.add(row + [TextTable.Cell("\(part.keys)"), TextTable.Cell("\(part.bytes)")])
    }
    return table.text
  }

  /// At most 40 characters of the ranges: a node can have thousands.
  private static func shortened(_ slots: String) -> String {
    slots.utf8.count <= 40 ? slots : String(slots.prefix(39)) + "…"
  }

  func csv(defuses: Bool) -> [UInt8] {
    var csv = CSVText(["file", "slots", "keys", "bytes"], defuses: defuses)
    for part in parts {
      csv.row([
        .text(Array(part.file.utf8)), part.slots.map { .text(Array($0.utf8)) } ?? .none, .number(part.keys),
        .number(part.bytes),
      ])
    }
    return csv.bytes
  }
}
