import RDB
import RDBFormat
import RDBSupport

/// Replays commands in the order of their file, as a server that loads the file does.
package final class Replay {
  package let execution: Execution
  package internal(set) var summary = ReplaySummary()
  private let options: ReplayOptions
  /// The rows of commands by the names in the file.
  private var rows: [[UInt8]: CommandRow] = [:]
  /// The name and the row of the command before: the next one is often the same.
  private var former: (name: [UInt8], row: CommandRow)?

  package init(_ options: ReplayOptions) {
    self.options = options
    execution = Execution(options)
  }

  /// Begins a file: each begins in database 0.
  package func beginPart() { execution.database = 0 }

  /// Sets the time from which relative expiries count: that of an annotation.
  package func setTime(_ time: UnixMilliseconds) { execution.now = time }

  /// Executes a command.
  ///
  /// - Throws: ``RDBError`` for a command that cannot be replayed, or if the values take more memory than allowed.
  package func apply(_ command: ReplayCommand) throws {
    summary.commandCount += 1
    guard let row = row(of: command[0]) else {
      return try leaveOut(command, lowercasedText(command[0]), "an unknown command")
    }
    guard row.accepts(argumentCount: command.count) else {
      summary.addFailure(command, row.name, .wrongArgumentCount)
      return
    }
    switch row.action {
    case .noEffect:
      if row.name == "config", command.count > 1, command.isWord(1, "set") { summary.configurationCount += 1 }
    case .notReplayed(let reason): try leaveOut(command, row.name, reason)
    case .native(let run):
      do {
        try execution.execute(command, run)
      } catch let error as CommandError {
        summary.addFailure(command, row.name, error)
      } catch let error as NotReplayed {
        try leaveOut(command, row.name, error.reason)
      }
      try checkMemory(at: command.offset)
    }
  }

  /// Counts a command that a server answers with an error.
  package func fail(_ command: ReplayCommand, _ error: CommandError) {
    summary.commandCount += 1
    summary.addFailure(command, lowercasedText(command[0]), error)
  }

  /// The row of a name in any case, with the names that `rename-command` gave.
  func row(of name: [UInt8]) -> CommandRow? {
    if let former, former.name == name { return former.row }
    guard let row = rows[name] ?? tableRow(of: name) else { return nil }
    former = (name, row)
    return row
  }

  private func tableRow(of name: [UInt8]) -> CommandRow? {
    let text = lowercasedText(name)
    guard let row = CommandTable.rows[options.renamedCommands[text] ?? text] else { return nil }
    if rows.count < 4096 { rows[name] = row }
    return row
  }

  /// Counts a command that is executed elsewhere.
  func countCommand() { summary.commandCount += 1 }

  /// Counts a command that fails.
  func countFailure(_ command: ReplayCommand, _ row: CommandRow, _ error: CommandError) {
    summary.addFailure(command, row.name, error)
  }

  /// Counts a command as lost.
  ///
  /// - Throws: ``RDBError`` unless the options allow it.
  func leaveOut(_ command: ReplayCommand, _ name: String, _ reason: String) throws {
    if options.skipsUnknown { return summary.lost.add(command, name, reason) }
    throw RDBError(
      .notReplayed, at: Int(clamping: command.offset), expected: "a command that can be replayed",
      found: "\(printable(name.uppercased().utf8)): \(reason)")
  }

  /// Adds a key of the base snapshot.
  func put(_ name: [UInt8], _ key: ReplayedKey, in database: UInt64) throws {
    execution.database = database
    execution.put(name, key)
    try checkMemory(at: 0)
  }

  private func checkMemory(at offset: UInt64) throws {
    if execution.byteCount > options.memoryLimit, options.limitsMemory {
      throw RDBError.replayMemory(at: offset, limit: options.memoryLimit)
    }
  }
}

extension RDBError.Code {
  /// A command of a command file that cannot be replayed.
  package static let notReplayed = Self("notReplayed")
  /// The replayed values take more memory than the caller allows.
  package static let replayMemory = Self("replayMemory")
}

extension RDBError {
  static func replayMemory(at offset: UInt64, limit: Int) -> RDBError {
    RDBError(
      .replayMemory, at: Int(clamping: offset), expected: "values of at most \(limit) bytes (`memoryLimit`)",
      found: "more")
  }
}
