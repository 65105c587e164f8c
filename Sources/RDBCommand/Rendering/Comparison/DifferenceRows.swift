import RDB
import RDBEdit
import RDBFormat

/// A key that differs, as rows of CSV: one for the key, and one per change inside.
struct DifferenceRows {
  private(set) var bytes: [UInt8] = []

  static let head = [
    "change", "database", "key", "part", "group", "name", "before", "after", "type_before", "type_after",
    "bytes_before", "bytes_after", "expire_ms_before", "expire_ms_after", "score_before", "score_after",
    "index_before", "index_after",
  ]

  init(_ key: KeyDifference, defuses: Bool) {
    var rows = CSVText(defuses: defuses)
    let start: (String) -> [CSVText.Cell] = { change in
      [.number(change), .number(key.database), .text(key.name)]
    }
    rows.row(
      start(key.kind.rawValue) + [.number("key"), .none, .none, .none, .none]
        + [key.before, key.after].map { side in side.map { .number($0.type.rawValue) } ?? .none }
        + [.number(key.before?.byteCount), .number(key.after?.byteCount)]
        + [.number(key.before?.expiry?.value), .number(key.after?.expiry?.value), .none, .none, .none, .none])
    for change in key.changes {
      let part = change.part
      let sides = [change.before, change.after]
      let hasValue = part != .member && part != .path && part != .consumer && part != .payload
      rows.row(
        start(change.kind.rawValue)
          + [.number(part.csvName), change.container.map { .text($0) } ?? .none]
          + [part == .value || part == .element || part == .payload ? .none : .text(change.name)]
          + sides.map { side in hasValue ? side.map { .text($0.value) } ?? .none : .none } + [.none, .none]
          + sides.map { .number(part == .payload ? $0?.number : hasValue ? $0?.byteCount : nil) }
          + sides.map { part == .field ? .number($0?.number.map { Int64(bitPattern: $0) }) : .none }
          + sides.map { side in
            part == .member ? side?.number.map { .number(DifferenceText.scoreText($0)) } ?? .none : .none
          }
          + sides.map { part == .element ? .number($0?.index) : .none })
    }
    bytes = rows.bytes
  }
}

extension PartKind {
  /// The name without spaces.
  var csvName: String { name.replacing(" ", with: "_").lowercased() }
}
