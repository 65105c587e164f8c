import ArgumentParser

/// The options about the output file.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Write to this file, or to - (standard output). The file appears when it is complete.",
      valueName: "file"), completion: .file())
  var output = "-"

  @Flag(help: "Keep unfinished output as FILE.partial after an error or an interruption.")
  var keepPartial = false

  /// Opens the output file.
  ///
  /// - Parameters:
  ///   - form: The form in which a terminal gets escapes; `nil` for none.
  ///   - index: Another index than `DUMP.idx` that is read and must not be overwritten.
  /// - Throws: ``Failure``.
  func open(reading input: InputFile, _ form: TerminalText.Form?, index: String? = nil) throws -> OutputFile {
    try OutputFile(path: output, keepsPartial: keepPartial, reading: input, index: index, form: form)
  }

  /// Opens the output file of several inputs.
  ///
  /// - Throws: ``Failure``.
  func open(reading inputs: [InputFile]) throws -> OutputFile {
    try OutputFile(
      path: output, keepsPartial: keepPartial, inputs: inputs.flatMap(\.identities),
      indexes: inputs.compactMap(\.indexPath))
  }
}

/// The options about losses: keys and parts of keys that the output lacks.
struct LedgerOptions: ParsableArguments {
  @Flag(help: "Exit with 0 even if the output lacks something.")
  var lossy = false

  @Option(
    help: ArgumentHelp("Write counts of keys read, written and lost to this file, as JSON.", valueName: "file"),
    completion: .file())
  var ledger: String?
}
