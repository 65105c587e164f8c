import ArgumentParser
import RDB
import RDBAnalysis
import RDBSupport

/// `rdb info`: where a snapshot comes from, and what is in it.
struct Info: WorkingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say where a snapshot comes from, what is in it, and who can load it.",
    discussion: """
      Values are stepped over. What has expired is counted at the time the snapshot was written.

      Examples:
        rdb info dump.rdb
        rdb info dump.rdb --json | jq '.total.keys'
        ssh db1 'cat /var/lib/redis/dump.rdb' | rdb info -
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: ReportArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try input.open()
    let run = try SnapshotRun(input, reading)
    let origin = run.origin
    let now = UnixMilliseconds.now
    let result = try run.fold(threads: working.threads.count, progress: working.progress) {
      InfoSink(origin: origin, now: now)
    }
    let info = result.summary
    let report = form.json ? try jsonDocument(info) : Array(info.text.utf8)
    try output.open(reading: input, form.onTerminal).writeWhole(report)
  }
}

/// How a report is written.
struct ReportArguments: ParsableArguments {
  @Flag(help: "Write JSON for other programs.")
  var json = false

  /// How it is shown on a terminal; `nil`: text, which is written for terminals.
  var onTerminal: TerminalText.Form? { json ? .json : nil }
}

extension UnixMilliseconds {
  /// The present.
  static var now: UnixMilliseconds {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UnixMilliseconds(Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
