import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat
import RDBFiltering

/// `rdb top-elements`: shows the largest elements of one key.
struct TopElementsCommand: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "top-elements",
    abstract: "Show the largest elements of one key.",
    discussion: """
      The size of an element is the number of bytes of its name and value: field and value, member, or all fields and \
      values of a stream entry. An index (rdb index) finds the key at once.

      Examples:
        rdb top-elements dump.rdb user:42
        rdb top-elements dump.rdb jobs -n 3 --top 50 --json
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup var lookup: LookupArguments
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments

  @Option(help: ArgumentHelp("Show the n largest elements.", valueName: "n"))
  var top = 10

  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    guard (1...10_000).contains(top) else { throw ValidationError("--top takes 1 to 10000 elements, not \(top).") }
  }

  func run() throws {
    let lookup = try KeyLookup(input, lookup, reading, working)
    let output = try output.open(reading: lookup.input, form.form.onTerminal, index: lookup.arguments.index)
    let report = try lookup.read(.all, to: output) { _ in TopElementsSink(limit: top) }
    switch form.form {
    case .text: try output.writeWhole(Array(report.text(width: terminalWidth).utf8))
    case .json: try output.writeWhole(try jsonDocument(report))
    case .csv: try output.writeWhole(report.csv(defuses: !form.noDefuse))
    }
  }
}
