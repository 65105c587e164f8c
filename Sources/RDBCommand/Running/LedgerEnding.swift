import RDB

/// The end of a command that has a ledger: writes it, and chooses the exit code.
struct LedgerEnding {
  private let file: OutputFile?
  private let isLossy: Bool
  /// Whether options choose keys. If they do and no key matches, the command ends with ``ExitCode/nothingMatched``.
  private let choosesKeys: Bool
  private let isQuiet: Bool

  /// Opens the file of the ledger. It gets its final name when the command ends.
  ///
  /// - Parameter inputs: The inputs, which must not be overwritten.
  /// - Throws: ``Failure``.
  init(
    _ ledger: LedgerOptions, _ keys: KeyArgumentGroup<some DatabaseFilterNames>, _ working: WorkingArguments,
    reading inputs: [InputFile]
  ) throws {
    file = try ledger.ledger.map {
      try OutputFile(
        path: $0, keepsPartial: false, inputs: inputs.flatMap(\.identities),
        indexes: inputs.compactMap(\.indexPath), form: .json)
    }
    isLossy = ledger.lossy
    choosesKeys = keys.chooses
    isQuiet = working.progress.quiet
  }

  /// Writes the ledger to standard error and to its file.
  ///
  /// - Parameters:
  ///   - ledger: The ledger of the whole command.
  ///   - notes: Remarks for the user.
  ///   - end: The end of the snapshot; `nil` if reading ended before it.
  ///   - isDryRun: Whether nothing was written.
  /// - Throws: ``Failure``, also if the output is complete but lacks something.
  func finish(_ ledger: Ledger, notes: [String], end: SnapshotEnd?, isDryRun: Bool = false) throws {
    let report = LedgerReport(ledger: ledger, notes: notes, isQuiet: isQuiet, isDryRun: isDryRun)
    StandardStreams.writeError(report.text)
    try file?.writeWhole(try jsonDocument(LedgerDocument(report, end: end)))
    if ledger.hasLosses && !isLossy { throw Failure(.losses, nil) }
    // A key that the options chose counts as a match even if the output lost it.
    if choosesKeys && ledger.keysRead == ledger.keysFiltered {
      throw Failure(.nothingMatched, isQuiet ? nil : "no key matched")
    }
  }
}
