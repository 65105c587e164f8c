import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat

/// The run of a command that ranks keys by one figure. The text is that of redis-cli, where it has such a report.
struct Ranking {
  enum Kind { case biggest, hottest, idlest }
  let kind: Kind
  let measure: TopReport.Measure

  func run(
    _ input: InputOptions, _ output: OutputOptions, _ ranking: RankingArguments, _ model: ModelArguments,
    _ keys: KeyArguments, _ reading: ReadingOptions, _ working: WorkingArguments
  ) throws {
    let input = try reading.open(input, now: try keys.expiry.present)
    let output = try output.open(reading: input, ranking.form.form.onTerminal)
    let run = ReportRun(input: input, keys: keys, reading: reading, working: working, model: model)
    // As redis-cli does: one key of each type, or the 16 hottest keys.
    let limit = ranking.top ?? (kind == .biggest && ranking.form.form == .text ? 1 : 16)
    let isPerType = ranking.perType || kind == .biggest && ranking.top == nil
    let reports = try run.reports { options in
      options.measures = [measure]
      options.topLimit = limit
      options.perType = isPerType
    }
    guard let report: TopReport = reports.top else { return }
    switch ranking.form.form {
    case .text: try output.writeWhole(Array(text(of: report, perType: isPerType).utf8))
    case .json: try output.writeWhole(try jsonDocument(report))
    case .csv: try output.writeWhole(report.csv(defuses: !ranking.form.noDefuse))
    }
  }
}
