import RDB
import RDBAnalysis
import RDBReplay
import RDBSupport

/// The files and commands of a log, for `rdb info`.
struct LogInfo: Encodable {
  private enum CodingKeys: String, CodingKey {
    case files, commands, transactions, notes
    case commandCount = "command_count"
    case firstTime = "first_time"
    case lastTime = "last_time"
    case touchedKeys = "touched_keys"
    case areTouchedKeysExact = "touched_keys_exact"
  }

  struct File: Encodable {
    private enum CodingKeys: String, CodingKey {
      case file, role
      case byteCount = "byte_count"
      case commandCount = "command_count"
      case snapshotKeyCount = "snapshot_keys"
    }

    var file: String?
    var role: String
    var byteCount: UInt64
    var commandCount: UInt64
    var snapshotKeyCount: UInt64?
  }

  struct Commands: Encodable {
    private enum CodingKeys: String, CodingKey {
      case count
      case byteCount = "byte_count"
    }

    var count: UInt64
    var byteCount: UInt64
  }

  var files: [File]
  var commandCount: UInt64
  /// The commands by name in upper case.
  var commands: [String: Commands]
  var transactions: UInt64
  var firstTime: String?
  var lastTime: String?
  var touchedKeys: UInt64
  var areTouchedKeysExact: Bool
  var notes: [String]

  init(_ report: LogReport) {
    let files = report.parts.map { part in
      File(
        file: part.name, role: part.role.rawValue, byteCount: part.byteCount, commandCount: part.commandCount,
        snapshotKeyCount: part.snapshotKeyCount)
    }
    self.files = files
    commandCount = report.commandCount
    commands = report.commands.mapValues { Commands(count: $0.count, byteCount: $0.byteCount) }
    transactions = report.transactionCount
    firstTime = report.firstTime.map { DateText.text(milliseconds: $0.value) }
    lastTime = report.lastTime.map { DateText.text(milliseconds: $0.value) }
    touchedKeys = report.touchedKeyCount
    areTouchedKeysExact = report.isKeyCountExact
    notes = report.notes.map { note in
      let file = files.count > 1 ? files[note.part].file.map { " of \(shown($0))" } ?? "" : ""
      return "\(note), at offset \(note.offset)\(file)"
    }
  }

  /// The lines that follow those about the keyspace.
  var text: String {
    var lines = TextColumns()
    for file in files {
      let name = files.count > 1 ? file.file.map { shown($0) + ": " } ?? "" : ""
      var contents = ["\(counted(file.commandCount, "command"))", readable(byteCount: Double(file.byteCount))]
      if let keys = file.snapshotKeyCount { contents.insert("a snapshot of \(counted(keys, "key"))", at: 0) }
      lines.row(file.role == "only" ? "log" : file.role, name + contents.joined(separator: ", "))
    }
    if let firstTime, let lastTime { lines.row("times", "\(firstTime.prefix(19))Z to \(lastTime.prefix(19))Z") }
    if transactions > 0 { lines.row("transactions", "\(transactions)") }
    lines.row("touched", "\(areTouchedKeysExact ? "" : "about ")\(counted(touchedKeys, "key"))")
    for (name, count) in commands.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
      let shownName = printable(name.utf8, limit: 32).dropQuotes
      lines.row("  " + shownName, "\(count.count), \(readable(byteCount: Double(count.byteCount)))")
    }
    for note in notes { lines.row("note", note) }
    return lines.text
  }
}

/// The JSON of `rdb info`: the members of a snapshot's, those of a log, and the compression of an envelope.
struct InfoDocument: Encodable {
  let info: SnapshotInfo
  let log: LogInfo?
  /// `lz4` or `zstd`; `nil`: there is no envelope.
  let envelope: String?

  private enum CodingKeys: String, CodingKey { case log, envelope }

  func encode(to encoder: any Encoder) throws {
    try info.encode(to: encoder)
    if log == nil, envelope == nil { return }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(log, forKey: .log)
    try container.encodeIfPresent(envelope, forKey: .envelope)
  }
}
