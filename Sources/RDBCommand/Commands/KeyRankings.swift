import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat

/// What keys are ranked by.
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

/// What the commands about outstanding keys have in common.
struct RankingArguments: ParsableArguments {
  @Option(help: ArgumentHelp("How many keys.", valueName: "n"))
  var top: Int?

  @Flag(help: "So many keys of each type.")
  var perType = false

  @OptionGroup(title: "Output") var form: TableArguments

  func validate() throws {
    if let top, !(1...1_000_000).contains(top) {
      throw ValidationError("--top takes 1 to 1000000 keys, not \(top).")
    }
  }
}

/// `rdb bigkeys`: the offline twin of `redis-cli --bigkeys`.
struct BigKeys: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "bigkeys",
    abstract: "Find the biggest keys: the longest strings, and what has most elements.",
    discussion: """
      As redis-cli --bigkeys, without a server. Of keys as big as each other the first by database and name counts.

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
      "What makes a key big. By default its length: bytes of a string, else elements.", valueName: "what"))
  var by: RankArgument?

  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    try Ranking(kind: .biggest, measure: by?.measure ?? .length).run(
      input, output, ranking, model, keys, reading, working)
  }
}

/// `rdb memkeys`: the offline twin of `redis-cli --memkeys`.
struct MemKeys: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "memkeys",
    abstract: "Find the keys that take most memory.",
    discussion: """
      As redis-cli --memkeys, without a server; every element counts, none is sampled.

      Examples:
        rdb memkeys dump.rdb
        rdb memkeys dump.rdb --top 20 --json
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Ranking") var ranking: RankingArguments

  @Option(help: ArgumentHelp("What counts.", valueName: "what"))
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

/// `rdb hotkeys`: the offline twin of `redis-cli --hotkeys`.
struct HotKeys: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "hotkeys",
    abstract: "Find the keys that were used most, where the snapshot says it.",
    discussion: """
      As redis-cli --hotkeys, without a server: by the counters that a server with an LFU policy writes.

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

/// `rdb idle`: the keys that nobody used for longest.
struct Idle: WorkingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the keys that were not used for longest, where the snapshot says it.",
    discussion: """
      By the idle times that a server with an LRU policy writes.

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
