import ArgumentParser

/// Where the result goes.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Where to write; - is standard output. The file appears under this name when it is whole.",
      valueName: "file"), completion: .file())
  var output = "-"

  @Flag(help: "Keep what was written before an error or an interruption, as FILE.partial.")
  var keepPartial = false

  /// - Parameters:
  ///   - form: What a terminal needs escapes in.
  ///   - index: The index that is read too, besides the one of the dump's name.
  func open(reading input: InputFile, _ form: TerminalText.Form?, index: String? = nil) throws -> OutputFile {
    try OutputFile(path: output, keepsPartial: keepPartial, reading: input, index: index, form: form)
  }
}

/// What to do about what the output cannot hold.
struct LedgerOptions: ParsableArguments {
  @Flag(help: "Exit with 0 although the output lacks something.")
  var lossy = false

  @Option(
    help: ArgumentHelp("Write the ledger of what was read, written and lost as JSON.", valueName: "file"),
    completion: .file())
  var ledger: String?
}
