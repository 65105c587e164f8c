import ArgumentParser
import RDB
import RDBAnalysis
import RDBCompression
import RDBConvert

/// `rdb check`: whether a snapshot, or a RESP file that we wrote, is whole.
struct Check: WorkingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether a file is whole, and where the first damage is.",
    discussion: """
      Every nested structure of a snapshot is checked, and its checksum. A file of commands (rdb resp) is \
      recognised by its first byte; it is whole if it ends between two commands, and if its trailer fits \
      where there is one. Exits with 65 if the file is damaged.

      Examples:
        rdb check dump.rdb && cp dump.rdb /backup/
        rdb check dump.rdb --unique --json | jq .duplicates
        rdb check dump.resp
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: ReportArguments

  @Flag(
    help: ArgumentHelp(
      "Look for keys that stand twice in a database, and members in a key, by way of temporary files (TMPDIR)."))
  var unique = false

  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try input.open()
    let output = try output.open(reading: input.identities)
    let check = try snapshotCheck(input)
    let report =
      form.json ? try jsonDocument(check) : Array(check.text(of: input.shownName).utf8)
    try output.writeWhole(report)
    if !check.isOK { throw Failure(.damaged, nil) }
  }

  private func snapshotCheck(_ input: InputFile) throws -> SnapshotCheck {
    let reader = RDBReader(input.source, options: reading.readerOptions)
    let line = working.progress.start(input.position(of: reader.progress))
    defer { line?.end() }
    do throws(RDBError) {
      return try SnapshotCheck.run(reader, threads: working.threads.count, findsDuplicates: unique)
    } catch {
      throw error.failure(in: input.shownName)
    }
  }
}
