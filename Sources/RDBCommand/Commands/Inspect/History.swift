import ArgumentParser
import RDB
import RDBFiltering
import RDBReplay
import RDBSupport

/// `rdb history`: shows the commands of a log that touched a key.
struct History: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show the commands of an append-only file that touched a key.",
    discussion: """
      A line has the file and offset of a command, the time of the last #TS: line before it (aof-timestamp-enabled), the \
      database, and the command. FLUSHALL, FLUSHDB and SWAPDB are included from the first appearance of the key on. \
      Commands are not executed: one that a server answered with an error is shown too.

      --until-offset of every other command takes the file and offset of a line: the state before that command.

      Examples:
        rdb history appendonlydir cart:9
        rdb history appendonly.aof cart:9 --tail 5
        rdb history appendonlydir --pattern 'session:*' --json | jq -c .command
        rdb json appendonlydir --until-offset appendonly.aof.1.incr.aof:812
      """)

  @Argument(
    help: ArgumentHelp(
      "The append-only file, its folder or manifest, or a RESP dump; - for standard input.", valueName: "aof"),
    completion: .file())
  var log: String

  @Argument(help: ArgumentHelp("The name of the key.", valueName: "key"))
  var key: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Show keys that match this glob, as in KEYS and SCAN. Repeatable.", valueName: "glob"))
  var pattern: [String] = []

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("Look in this database. Default: all.", valueName: "number"))
  var db: UInt64?

  @Flag(help: #"Read the name as rdb keys and CSV cells have it, with \n, \xff, \\ and \"."#)
  var escaped = false

  @Option(help: ArgumentHelp("Show only the last n commands.", valueName: "n"))
  var tail: Int?

  @OptionGroup(title: "Output") var output: OutputOptions

  @Flag(help: "Write a JSON object per line.")
  var json = false

  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup(title: "Working") var progress: ProgressOptions

  func validate() throws {
    if key == nil, pattern.isEmpty { throw ValidationError("Give the name of a key, or --pattern.") }
    if let tail, tail < 1 { throw ValidationError("--tail takes a number from 1 on, not \(tail).") }
    _ = try name
  }

  private var name: [UInt8]? {
    get throws { try key.map { try nameBytes(of: $0, isEscaped: escaped) } }
  }

  func run() throws {
    let input = try reading.open(log)
    guard let replayed = input.replayed else {
      throw Failure(
        .usage, "\(input.shownName): has no commands, only a state",
        hint: "Give an append-only file or its folder. Reports about a snapshot: rdb info, rdb keys, rdb get.")
    }
    let output = try output.open(reading: input, json ? .json : nil)
    let log = replayed.openLog()
    var lines = HistoryLines(log, isJSON: json, tail: tail, to: output)
    let line = progress.start(replayed.passPosition, output: output)
    defer { line?.end() }
    do {
      let history = KeyHistory(database: db, renamedCommands: replayed.renamedCommands, matches: try matcher)
      try history.read(log) { try lines.add($0) }
      try lines.finish()
      try output.finish()
    } catch {
      output.abandon()
      if let failure = output.failure { throw failure.failure(in: output.shownName) }
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
    if !progress.quiet { StandardStreams.writeError(log.noteLines.map { "rdb: note: \($0)\n" }.joined()) }
    if lines.count == 0 {
      throw Failure(
        .nothingMatched, progress.quiet ? nil : "\(input.shownName): no command touched \(shownKeys)",
        hint: db == nil ? nil : "Without -n, all databases are searched.")
    }
  }

  /// Whether a key is looked for.
  private var matcher: ([UInt8]) -> Bool {
    get throws {
      let name = try name
      let globs = pattern.map { Glob($0) }
      return { key in key == name || globs.contains { $0.matches(key.span.bytes) } }
    }
  }

  private var shownKeys: String {
    let names = [try? name].compactMap { $0 }.map { "the key \(printable($0, limit: 4096))" }
    return (names + pattern.map { "a key that matches \(printable($0.utf8, limit: 4096))" }).joined(separator: " or ")
  }
}
