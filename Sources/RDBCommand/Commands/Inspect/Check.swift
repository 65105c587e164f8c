import ArgumentParser
import RDB
import RDBAnalysis
import RDBCompression
import RDBConvert
import RDBReplay

/// `rdb check`: checks a snapshot, a file of commands, or an append-only file of several parts.
struct Check: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a file, and show where the first damage is.",
    discussion: """
      The check covers every nested structure of a snapshot, and its checksum. A file of commands (rdb resp) is \
      recognised by its first bytes. It is whole if it ends between two commands, and if its counts and checksum are \
      those of its trailer, where it has one. The exit code is 65 if the file is damaged.

      Of an append-only file, each file is checked, with the snapshot at its beginning. Then the commands are replayed: \
      those that fail are listed by error. Servers pass over them too, so they leave the exit code 0.

      A finding is an oddity that is read exactly all the same: a note if every server loads it, a warning if some \
      servers refuse it, hostile if it is the pattern of an attack. Findings leave the exit code 0 without --strict. \
      --hostile also lists malformed HyperLogLogs, and what only a server can examine: data of modules and functions. \
      --strict includes --hostile and --unique. Use it for a file of unknown origin.

      Examples:
        rdb check dump.rdb && cp dump.rdb /backup/
        rdb check dump.rdb --unique --json | jq .duplicates
        rdb check upload.rdb --strict || exit 1
        rdb check dump.resp
        rdb check appendonlydir
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: ReportArguments

  @Flag(
    help: "Find repeated keys and members, with temporary files in TMPDIR.")
  var unique = false

  @Flag(help: "Exit with 65 also for what only some servers refuse. Includes --hostile and --unique.")
  var strict = false

  @Flag(help: "Look for more patterns of attacks; list data of modules and functions.")
  var hostile = false

  @OptionGroup(title: "Reading") var payload: PayloadArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = payload.payload ? try payload.open(input, reading) : try reading.open(input)
    let output = try output.open(reading: input, form.onTerminal)
    let (report, isOK) = try check(input)
    try output.writeWhole(report)
    if !isOK { throw Failure(.damaged, nil) }
  }

  private func check(_ input: InputFile) throws -> ([UInt8], Bool) {
    if let replayed = input.replayed {
      if replayed.parts.count == 1, let source = try? replayed.parts[0].open(),
        let start = try? RDB.peek(source, byteCount: CommandFileKind.startByteCount),
        CommandFileKind(start.start) == .appendOnlyFile || start.start.isEmpty
          || [0xEF, 0xFE, 0xFF].contains(start.start[0])
      {
        return try checkCommands(start.source, input, replayed)
      }
      return try checkLog(replayed, input)
    }
    let (start, source) = try peek(input)
    return Self.isCommands(start, input.shownName)
      ? try checkCommands(source, input, nil) : try checkSnapshot(source, input)
  }

  private func peek(_ input: InputFile) throws -> (start: [UInt8], source: any ByteSource) {
    do throws(RDBError) {
      return try RDB.peek(input.source, byteCount: 2)
    } catch {
      throw error.failure(in: input.shownName)
    }
  }

  /// Whether a file holds commands: it begins with a command, a timestamp of an AOF, a byte order mark, or as UTF-16,
  /// into which some shells convert output.
  ///
  /// An empty file is one of commands if its name ends in `.resp` or `.aof`: a snapshot without keys gives none.
  private static func isCommands(_ start: [UInt8], _ name: String) -> Bool {
    guard let first = start.first else { return name.hasSuffix(".resp") || name.hasSuffix(".aof") }
    return [UInt8(ascii: "*"), UInt8(ascii: "#"), 0xEF, 0xFE, 0xFF, 0].contains(first)
  }

  private func checkSnapshot(_ source: any ByteSource, _ input: InputFile) throws -> ([UInt8], Bool) {
    var options = reading.readerOptions
    options.parser.listsFunctionsAndModules = hostile || strict
    options.parser.findsHyperLogLogs = hostile || strict
    let reader = RDBReader(source, options: options)
    let line = working.progress.start(input.position(of: reader.progress))
    defer { line?.end() }
    var check: SnapshotCheck
    do throws(RDBError) {
      check = try SnapshotCheck.run(
        reader, threads: working.threads.count, findsDuplicates: unique || strict)
    } catch {
      throw error.failure(in: input.shownName)
    }
    check.damage?.reword(OptionFlags.naming)
    let report = form.json ? try jsonDocument(check) : Array(check.text(of: input.shownName, isStrict: strict).utf8)
    return (report, strict ? check.isStrictlyOK : check.isOK)
  }

  /// Checks a file of commands, and replays it if it is whole.
  private func checkCommands(
    _ source: any ByteSource, _ input: InputFile, _ replayed: ReplayedInput?
  ) throws -> ([UInt8], Bool) {
    var report: CommandFileReport
    do {
      report = CommandFileReport(try RESPFileCheck.check(source))
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
    if report.isOK, report.trailer == nil { report.replay = replayed.map { ReplayFindings($0) } }
    let text = form.json ? try jsonDocument(report) : Array(report.text(of: input.shownName).utf8)
    return (text, report.isOK && !(report.replay?.isDamaged ?? false))
  }

  /// Checks the files of a log, and replays them if they are whole.
  private func checkLog(_ replayed: ReplayedInput, _ input: InputFile) throws -> ([UInt8], Bool) {
    let line = working.progress.start(replayed.passPosition)
    defer { line?.end() }
    let check = replayed.check()
    let report = LogCheckReport(check, replay: check.isWhole ? ReplayFindings(replayed) : nil)
    let text = form.json ? try jsonDocument(report) : Array(report.text(of: input.shownName).utf8)
    return (text, report.isOK)
  }
}
