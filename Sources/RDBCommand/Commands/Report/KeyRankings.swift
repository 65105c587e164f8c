import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat

/// A figure that keys are ranked by.
enum RankArgument: String, ExpressibleByArgument, CaseIterable {
  case bytes, elements, serialized

  var measure: TopReport.Measure {
    switch self {
    case .bytes: .memory
    case .elements: .elements
    case .serialized: .serialized
    }
  }
}

/// The options of all commands that rank keys.
struct RankingArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Show n keys.", valueName: "n"))
  var top: Int?

  @Flag(help: "Show n keys of each type.")
  var perType = false

  @OptionGroup(title: "Output") var form: TableArguments

  func validate() throws {
    if let top, !(1...1_000_000).contains(top) {
      throw ValidationError("--top takes 1 to 1000000 keys, not \(top).")
    }
  }
}

/// `rdb bigkeys`: ranks keys by size, as `redis-cli --bigkeys` does with a server.
struct BigKeys: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "bigkeys",
    abstract: "Show the biggest keys: the longest strings, and the values with most elements.",
    discussion: """
      Like redis-cli --bigkeys, without a server. Keys of equal size are in the order of database and name.

      Examples:
        rdb bigkeys dump.rdb
        rdb bigkeys dump.rdb --by bytes --top 20 --per-type
        rdb bigkeys dump.rdb --by serialized --csv -o big.csv
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Ranking") var ranking: RankingArguments

  @Option(
    help: ArgumentHelp(
      "Rank by this figure. Default: bytes or elements.", valueName: "figure"))
  var by: RankArgument?

  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    try Ranking(kind: .biggest, measure: by?.measure ?? .valueLength).run(
      input, output, ranking, model, keys, reading, working)
  }
}

/// `rdb memkeys`: ranks keys by memory, as `redis-cli --memkeys` does with a server.
struct MemKeys: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "memkeys",
    abstract: "Show the keys that take most memory.",
    discussion: """
      Like redis-cli --memkeys, without a server, and without sampling: every element counts.

      Examples:
        rdb memkeys dump.rdb
        rdb memkeys dump.rdb --top 20 --json
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Ranking") var ranking: RankingArguments

  @Option(help: ArgumentHelp("Rank by this figure.", valueName: "what"))
  var by = RankArgument.bytes

  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    try Ranking(kind: .biggest, measure: by.measure).run(
      input, output, ranking, model, keys, reading, working)
  }
}

/// `rdb hotkeys`: ranks keys by their LFU counters, as `redis-cli --hotkeys` does with a server.
struct HotKeys: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "hotkeys",
    abstract: "Show the keys that were used most, if the snapshot has LFU counters.",
    discussion: """
      Like redis-cli --hotkeys, without a server: ranks by the counters that a server with an LFU policy writes.

      Example:
        rdb hotkeys dump.rdb --top 16
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Ranking") var ranking: RankingArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    try Ranking(kind: .hottest, measure: .frequency).run(
      input, output, ranking, ModelArguments.parse([]), keys, reading, working)
  }
}

/// `rdb idle`: shows the keys that were not used for longest.
struct Idle: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "idle",
    abstract: "Show the keys that were not used for longest, if the snapshot has idle times.",
    discussion: """
      Ranks by the idle times that a server with an LRU policy writes.

      Example:
        rdb idle dump.rdb --top 100 --csv
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Ranking") var ranking: RankingArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    try Ranking(kind: .idlest, measure: .idle).run(
      input, output, ranking, ModelArguments.parse([]), keys, reading, working)
  }
}
