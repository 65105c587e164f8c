import RDBConvert
import RDBSupport
import RESP

/// The result of `rdb check` for a file of commands. Its JSON is described by `Schemas/resp-check.schema.json`.
struct CommandFileReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case type, format, condition, detail, offset, commands, trailer, replay
    case isOK = "ok"
    case byteCount = "byte_count"
    case commandCount = "command_count"
  }

  let type = "resp_check"
  let format = 1
  var isOK: Bool
  /// `whole`, `cut`, `rewritten`, `damaged` or `mismatch`.
  var condition: String
  /// The damage, as a phrase.
  var detail: String?
  /// The file offset of the damage, in bytes.
  var offset: UInt64?
  var byteCount: UInt64
  /// The number of complete commands, without the trailer.
  var commandCount: UInt64
  /// The number of commands by name.
  var commands: [String: UInt64]
  var trailer: Trailer?
  /// What replaying the commands found; `nil` if they were not replayed.
  var replay: ReplayFindings?

  struct Trailer: Encodable {
    var keys: UInt64
    var commands: UInt64
    var bytes: UInt64
    var crc64: String
  }

  init(_ report: RESPFileCheck.Report) {
    isOK = report.isWhole
    byteCount = report.byteCount
    commandCount = report.commandCount
    commands = report.commands
    trailer = report.trailer.map { trailer in
      Trailer(
        keys: trailer.keys, commands: trailer.commands, bytes: trailer.bytes,
        crc64: String(trailer.description.suffix(16)))
    }
    switch report.condition {
    case .whole: condition = "whole"
    case .cut(let position):
      (condition, offset) = ("cut", position)
      detail = "the file ends inside the command that begins there"
    case .rewritten(let how, let position): (condition, detail, offset) = ("rewritten", how, position)
    case .damaged(let how, let position): (condition, detail, offset) = ("damaged", how, position)
    case .mismatch(let how): (condition, detail) = ("mismatch", "the trailer says \(how)")
    }
  }

  /// The report as text.
  func text(of name: String) -> String {
    var lines = TextColumns()
    lines.line("\(name): \(verdict)")
    if let detail {
      lines.row("damage", "\(offset.map { "at offset \($0): " } ?? "")\(detail)")
    }
    lines.row(
      isOK || offset == nil ? "read" : "before damage",
      "\(counted(commandCount, "command")), \(counted(byteCount, "byte"))")
    for (name, count) in commands.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      lines.row("  \(shown(name))", "\(count)")
    }
    if let trailer {
      lines.row("trailer", isOK ? "matches (\(counted(trailer.keys, "key")))" : "does not match")
    } else if isOK {
      lines.row("trailer", "none: only a cut inside a command is detected (rdb resp --trailer)")
    }
    return lines.text + (replay?.text ?? "")
  }

  private var verdict: String {
    switch condition {
    case "whole": "whole"
    case "mismatch": "changed"
    default: condition
    }
  }
}
