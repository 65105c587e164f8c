import ArgumentParser
import RDB
import RDBAnalysis
import RDBCompression
import RDBReplay
import RDBSupport

/// `rdb info`: shows the origin and the contents of a snapshot.
struct Info: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show the origin and contents of a snapshot, and the servers that can load it.",
    discussion: """
      Values are skipped. Expired keys are those that had expired when the snapshot was written. Of an append-only file, \
      the keyspace that its commands build is shown, and then its files, times, and commands by name.

      Examples:
        rdb info dump.rdb
        rdb info dump.rdb --json | jq '.total.keys'
        rdb info appendonlydir
        ssh db1 'cat /var/lib/redis/dump.rdb' | rdb info -
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: ReportArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try reading.open(input)
    let run = try SnapshotRun(input, reading)
    let origin = run.origin
    let now = UnixMilliseconds.now
    let result = try run.fold(threads: working.threads.count, progress: working.progress) {
      InfoSink(origin: origin, now: now)
    }
    let info = result.summary
    let log = try input.replayed.map { try logInfo(of: $0, input.shownName) }
    let envelope = input.isEnvelope ? input.format : nil
    let report =
      form.json
      ? try jsonDocument(InfoDocument(info: info, log: log, envelope: envelope?.rawValue))
      : Array((info.text(envelope: envelope) + (log?.text ?? "")).utf8)
    try output.open(reading: input, form.onTerminal).writeWhole(report)
  }
}

extension Info {
  /// Reads the commands once more, without executing them.
  private func logInfo(of replayed: ReplayedInput, _ name: String) throws -> LogInfo {
    do {
      return LogInfo(try LogReport(replayed.openLog(), renamedCommands: replayed.renamedCommands))
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: name)
    }
  }
}

/// The option about the format of a report without CSV.
struct ReportArguments: ParsableArguments {
  @Flag(help: "Write JSON.")
  var json = false

  /// The form in which a terminal gets escapes; `nil` for text, which is safe already.
  var onTerminal: TerminalText.Form? { json ? .json : nil }
}

extension UnixMilliseconds {
  /// The current time.
  static var now: UnixMilliseconds {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UnixMilliseconds(Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
