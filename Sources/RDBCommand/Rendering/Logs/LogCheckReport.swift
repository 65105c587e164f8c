import RDB
import RDBReplay
import RDBSupport

/// The result of `rdb check` for a log. Its JSON is described by `Schemas/log-check.schema.json`.
struct LogCheckReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case type, format, files, replay
    case isOK = "ok"
  }

  /// The result for a file.
  struct File: Encodable {
    private enum CodingKeys: String, CodingKey {
      case file, role, condition, damage, offset, notes
      case wholeByteCount = "whole_byte_count"
      case commandCount = "command_count"
      case snapshotKeyCount = "snapshot_keys"
    }

    var file: String?
    var role: String
    /// `whole`, `cut` or `damaged`.
    var condition: String
    var damage: String?
    /// The offset of the damage, or the size of a cut file.
    var offset: Int?
    /// The bytes up to the last whole command and transaction.
    var wholeByteCount: UInt64
    var commandCount: UInt64
    var snapshotKeyCount: UInt64?
    var notes: [String]
  }

  let type = "log_check"
  let format = 1
  let isOK: Bool
  let files: [File]
  /// What replaying the commands found; `nil` if a file is not whole.
  let replay: ReplayFindings?

  init(_ check: LogCheck, replay: ReplayFindings?) {
    self.replay = replay
    isOK = check.isWhole && !(replay?.isDamaged ?? false)
    files = check.parts.map { part in
      File(
        file: part.name, role: part.role.rawValue,
        condition: part.error.map { $0.code == .truncatedCommands || $0.code == .truncated ? "cut" : "damaged" }
          ?? "whole",
        damage: part.error.map { "\($0.code): expected \(OptionFlags.naming($0.expected)), found \($0.found)" },
        offset: part.error?.offset, wholeByteCount: part.wholeByteCount, commandCount: part.commandCount,
        snapshotKeyCount: part.snapshotKeyCount,
        notes: part.notes.map { note in
          "\(note)\(note.byteCount > 0 ? " (\(counted(note.byteCount, "byte")) left out)" : "") at offset \(note.offset)"
        })
    }
  }

  /// The report as text.
  func text(of name: String) -> String {
    var lines = TextColumns()
    lines.line("\(name): \(isOK ? "whole" : files.contains { $0.condition == "damaged" } ? "damaged" : "cut")")
    for file in files {
      let name = file.file.map { shown($0) + ": " } ?? ""
      var contents = [counted(file.commandCount, "command"), counted(file.wholeByteCount, "byte")]
      if let keys = file.snapshotKeyCount { contents.insert("a snapshot of \(counted(keys, "key"))", at: 0) }
      lines.row(
        file.role == "only" ? "file" : file.role,
        "\(name)\(file.condition), \(contents.joined(separator: ", "))\(file.condition == "whole" ? "" : " before it")")
      if let damage = file.damage { lines.row("  damage", "at offset \(file.offset ?? 0): \(damage)") }
      for note in file.notes { lines.row("  note", note) }
    }
    return lines.text + (replay?.text ?? "")
  }
}
