import ArgumentParser
import RDB
import RDBAnalysis

/// `rdb stats`: describes the data of a snapshot.
struct Stats: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Describe the data: types, encodings, sizes, hash slots, repeated values.",
    discussion: """
      Counts and sums are exact; percentiles are at most 1.6 % off. Repeated values of strings are counted exactly \
      while there are at most 16384 different ones, then in a sample of keys, with the error shown. --temp counts them \
      exactly, in files on disk.

      Examples:
        rdb stats dump.rdb
        rdb stats dump.rdb --temp /var/tmp
        rdb stats dump.rdb --json | jq '.near_misses[] | select(.keys > 0)'
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments

  @Option(
    help: ArgumentHelp("Count repeated values exactly, with temporary files in this folder.", valueName: "folder"),
    completion: .directory)
  var temp: String?

  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try reading.open(input, now: try keys.expiry.present)
    let output = try output.open(reading: input, form.form.onTerminal)
    let run = ReportRun(input: input, keys: keys, reading: reading, working: working, model: model)
    let exactValues = try temp.map { try Self.exactValues(working.threads.count, $0) }
    let reports = try run.reports { options in
      options.wantsStats = true
      options.exactValues = exactValues
    }
    guard let report = reports.stats else { return }
    switch form.form {
    case .text: try output.writeWhole(Array(report.text(width: terminalWidth).utf8))
    case .json: try output.writeWhole(try jsonDocument(report))
    case .csv: try output.writeWhole(report.csv(defuses: !form.noDefuse))
    }
  }

  static func exactValues(_ workers: Int, _ folder: String) throws -> KeyReports.Options.ExactValues {
    do throws(RDBError) { return try KeyReports.Options.ExactValues(folder: folder, workers: workers) } catch {
      throw error.failure(in: shown(folder))
    }
  }
}
