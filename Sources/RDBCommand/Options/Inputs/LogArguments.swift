import ArgumentParser
import RDB
import RDBFormat
import RDBFiltering
import RDBReplay

/// The options for command files: append-only files, RESP dumps and files for `redis-cli --pipe`.
struct LogArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Memory limit for replaying; larger data waits in temporary files.", valueName: "size"))
  var maxMemory = ByteSize(256 << 20)

  @Flag(help: "Read a large file once: all commands on a key follow each other. A key that returns is an error.")
  var grouped = false

  @Option(
    help: ArgumentHelp(
      "Replay up to this time of the #TS: lines: 2026-01-01T12:30Z, or a Unix time in s.",
      valueName: "time"))
  var untilTime: String?

  @Option(
    help: ArgumentHelp(
      "Replay the commands that end at or before this offset; for a folder, FILE:N.",
      valueName: "[file:]n"))
  var untilOffset: String?

  @Flag(help: "Leave out a command or transaction that is cut at the end of the last file, as servers do by default.")
  var allowTruncated = false

  @Option(
    help: ArgumentHelp("Read the command that rename-command gave a new name. Repeatable.", valueName: "new=old"))
  var renameCommand: [String] = []

  @Option(
    help: ArgumentHelp(
      "Have this server replay the commands: redis-server, valkey-server, or a path. It has no network.",
      valueName: "program"))
  var engine: String?

  func validate() throws {
    if engine != nil, untilTime != nil || untilOffset != nil || !renameCommand.isEmpty {
      throw ValidationError(
        "--engine replays whole files: leave --until-time, --until-offset and --rename-command out.")
    }
    if engine != nil, grouped {
      throw ValidationError("--grouped is for replaying here, not by a server: leave out --grouped or --engine.")
    }
    if untilTime != nil, untilOffset != nil {
      throw ValidationError("--until-time and --until-offset contradict each other: give one.")
    }
    if maxMemory.byteCount < 1 << 20 { throw ValidationError("--max-memory takes 1mb or more.") }
    for text in renameCommand where Self.renaming(text) == nil {
      throw ValidationError("--rename-command takes NEW=OLD, such as --rename-command hidden-flushall=flushall.")
    }
  }

  private static func renaming(_ text: String) -> (new: String, old: String)? {
    guard let equals = text.lastIndex(of: "=") else { return nil }
    let (new, old) = (text[..<equals].lowercased(), text[text.index(after: equals)...].lowercased())
    return new.isEmpty || CommandTable.rows[old] == nil ? nil : (new, old)
  }

  /// How the log is read.
  ///
  /// - Throws: `ValidationError` for a time or an offset that cannot be understood.
  func logOptions(_ reading: RDBReader.Options) throws -> LogOptions {
    var options = LogOptions()
    options.allowsTruncated = allowTruncated
    options.memoryLimit = Int(clamping: maxMemory.byteCount)
    options.reader = reading
    if let untilTime {
      options.stop = .time(
        try understood("--until-time") { () throws(FilterError) in try TypedTime.time(untilTime, now: .now) })
    }
    if let untilOffset {
      let parts = untilOffset.split(separator: ":", omittingEmptySubsequences: false)
      guard let text = parts.last, let offset = UInt64(text) else {
        throw ValidationError("--until-offset takes a number of bytes, or FILE:NUMBER.")
      }
      options.stop = .offset(offset, file: parts.count > 1 ? parts.dropLast().joined(separator: ":") : nil)
    }
    return options
  }

  /// How the commands of the log are replayed.
  func replayOptions(_ server: ServerVersion, skipsUnknown: Bool, now: UnixMilliseconds) -> ReplayOptions {
    var options = ReplayOptions(server: server, now: now)
    options.memoryLimit = Int(clamping: maxMemory.byteCount)
    options.skipsUnknown = skipsUnknown
    options.isGrouped = grouped
    for text in renameCommand {
      if let (new, old) = Self.renaming(text) { options.renamedCommands[new] = old }
    }
    return options
  }
}
