import RDB
import RDBFormat

/// The rows of all tables, made from the owned keys of a snapshot and not by the sink of an export.
struct ExpectedRows {
  private(set) var lines: [String] = []
  private var beginning = ""

  /// The columns of `keys` that the owned keys tell.
  private static let keyColumns: Set = [
    "db", "key", "key_text", "type", "key_bytes", "expiry_ms", "expiry", "idle_seconds", "frequency",
  ]

  private static let otherTables: Set = ["module", "stream-info", "stream-idempotency"]

  /// Leaves out what the owned keys do not tell; `nil`: they do not tell any of it.
  static func comparable(_ line: String) -> String? {
    var cells = line.split(separator: "\t", omittingEmptySubsequences: false)
    let isKey = cells[0] == "keys"
    if otherTables.contains(String(cells[0])) { return nil }
    cells.removeAll { cell in
      let name = String(cell.prefix { $0 != "=" })
      return name == "offset" || (isKey && cell.contains("=") && !keyColumns.contains(name))
    }
    return cells.joined(separator: "\t")
  }

  init(_ dump: [UInt8]) throws {
    var keys = SnapshotKeys(MemorySource(dump))
    while let key = try keys.next() { add(key) }
  }

  private mutating func add(_ key: SnapshotKey) {
    beginning = "db=i\(key.database)\t" + bytes("key", key.name)
    row(
      "keys", "type=\(Self.text(key.type.rawValue))", "key_bytes=i\(key.name.count)", time("expiry", key.expiry),
      "idle_seconds=" + (key.idleSeconds.map { "i\($0)" } ?? "-"),
      "frequency=" + (key.frequency.map { "i\($0)" } ?? "-"))
    switch key.value {
    case .string(let value): row("string", bytes("value", value))
    case .list(let elements):
      for (index, element) in elements.enumerated() { row("list", "index=i\(index)", bytes("value", element)) }
    case .set(let members): for member in members { row("set", bytes("member", member)) }
    case .zset(let members):
      for (member, score) in members { row("zset", bytes("member", member), "score=\(Self.double(score))") }
    case .hash(let fields):
      for (field, value, expiry) in fields {
        row("hash", bytes("field", field), bytes("value", value), time("expiry", expiry))
      }
    case .array(let elements, let insertIndex):
      let cursor = "insert_index=" + (insertIndex.map { Self.text("\($0)") } ?? "-")
      for (index, value) in elements {
        row("array", "index=\(Self.text("\(index)"))", number("index_number", index), bytes("value", value), cursor)
      }
      if elements.isEmpty, insertIndex != nil { row("array", "index=-", "index_number=-", bytes("value", nil), cursor) }
    case .pathHash(let paths):
      for (path, fields) in paths {
        for (field, value) in fields {
          row("path-hash", bytes("path", path), bytes("field", field), bytes("value", value))
        }
        if fields.isEmpty { row("path-hash", bytes("path", path), bytes("field", nil), bytes("value", nil)) }
      }
    case .stream(let stream): add(stream)
    // The owned keys have a module's value as stored: its rows are compared by digest only.
    case .module, .notRead, .tooLarge: break
    }
  }

  private mutating func add(_ stream: SnapshotStream) {
    for (id, fields) in stream.entries {
      for (index, field) in fields.enumerated() {
        row("stream", entry("id", id), "field_index=i\(index)", bytes("field", field.name), bytes("value", field.value))
      }
      if fields.isEmpty { row("stream", entry("id", id), "field_index=-", bytes("field", nil), bytes("value", nil)) }
    }
    for group in stream.groups {
      let (read, state) =
        switch group.entriesRead {
        case .known(let count): ("i\(count)", "known")
        case .unknown: ("-", "unknown")
        case .absent: ("-", "absent")
        }
      row(
        "stream-group", bytes("group", group.name), "last_delivered_id=\(Self.text(group.lastDelivered.description))",
        "entries_read=\(read)", "entries_read_state=\(Self.text(state))", "pending=i\(group.pending.count)")
      for consumer in group.consumers {
        row(
          "stream-consumer", bytes("group", group.name), bytes("consumer", consumer.name), time("seen", consumer.seen),
          time("active", consumer.active), "pending=i\(group.pending.count { $0.consumer == consumer.name })")
      }
      for pending in group.pending {
        row(
          "stream-pending", bytes("group", group.name), bytes("consumer", pending.consumer), entry("id", pending.id),
          time("delivered", pending.delivered), "delivery_count=i\(pending.deliveryCount)")
      }
    }
  }

  private mutating func row(_ table: String, _ cells: String...) {
    lines.append(([table, beginning] + cells).joined(separator: "\t"))
  }

  // MARK: Cells

  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  static func text(_ value: String) -> String { "t" + hex(Array(value.utf8)) }

  private func bytes(_ name: String, _ value: [UInt8]?) -> String {
    let text = value.flatMap { String(validating: $0, as: UTF8.self) }
    return "\(name)=" + (value.map { "b" + Self.hex($0) } ?? "-") + "\t\(name)_text="
      + (text.map { Self.text($0) } ?? "-")
  }

  private func time(_ name: String, _ value: UnixMilliseconds?) -> String {
    guard let value = value?.value else { return "\(name)_ms=-\t\(name)=-" }
    let isTime = (-62_135_596_800_000...253_402_300_799_999).contains(value)
    return "\(name)_ms=i\(value)\t\(name)=" + (isTime ? "m\(value)" : "-")
  }

  private func number(_ name: String, _ value: UInt64) -> String {
    "\(name)=" + (value <= UInt64(Int64.max) ? "i\(value)" : "-")
  }

  private func entry(_ name: String, _ id: StreamID) -> String {
    let isTime = id.milliseconds <= 253_402_300_799_999
    return "\(name)=\(Self.text(id.description))\t" + number("\(name)_ms", id.milliseconds)
      + "\t\(name)_time=" + (isTime ? "m\(id.milliseconds)" : "-") + "\t" + number("\(name)_seq", id.sequence)
  }

  static func double(_ value: Double) -> String {
    let digits = String(value.bitPattern, radix: 16)
    return "d" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}
