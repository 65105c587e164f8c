import ArgumentParser
import RDB
import RDBAnalysis
import RDBCompression
import RDBConvert

/// `rdb check`: checks a snapshot, or a file of commands that `rdb resp` wrote.
struct Check: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a file, and show where the first damage is.",
    discussion: """
      The check covers every nested structure of a snapshot, and its checksum. A file of commands (rdb resp) is \
      recognised by its first byte. It is whole if it ends between two commands, and if its counts and checksum are \
      those of its trailer, where it has one. The exit code is 65 if the file is damaged.

      A finding is an oddity that is read exactly all the same: a note if every server loads it, a warning if some \
      servers refuse it, hostile if it is the pattern of an attack. Findings leave the exit code 0 without --strict. \
      --hostile also lists malformed HyperLogLogs, and what only a server can examine: data of modules and functions. \
      --strict includes --hostile and --unique. Use it for a file of unknown origin.

      Examples:
        rdb check dump.rdb && cp dump.rdb /backup/
        rdb check dump.rdb --unique --json | jq .duplicates
        rdb check upload.rdb --strict || exit 1
        rdb check dump.resp
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
    let input = payload.payload ? try payload.open(input, reading) : try reading.openAsIs(input.dump)
    let output = try output.open(reading: input, form.onTerminal)
    let (start, source) = try peek(input)
    let (report, isOK) =
      Self.isCommands(start, input.shownName) ? try checkCommands(source, input) : try checkSnapshot(source, input)
    try output.writeWhole(report)
    if !isOK { throw Failure(.damaged, nil) }
  }

  private func peek(_ input: InputFile) throws -> (start: [UInt8], source: any ByteSource) {
    do throws(RDBError) {
      return try RDBCompression.peek(input.source, byteCount: 2)
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

  private func checkCommands(_ source: any ByteSource, _ input: InputFile) throws -> ([UInt8], Bool) {
    let report: CommandFileReport
    do {
      report = CommandFileReport(try RESPFileCheck.check(source))
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
    let text = form.json ? try jsonDocument(report) : Array(report.text(of: input.shownName).utf8)
    return (text, report.isOK)
  }
}
