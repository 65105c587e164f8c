import RDB
import Synchronization

/// Losses that concern the input of a report: data of the file that the report does not cover.
enum InputLosses {
  private static let flag = Atomic<Bool>(false)

  /// Whether a loss was reported, so that the command ends with ``ExitCode/losses``.
  static var wereReported: Bool { flag.load(ordering: .relaxed) }

  /// Writes losses to standard error, also under `-q`.
  static func report(_ losses: Ledger) {
    guard losses.hasLosses else { return }
    flag.store(true, ordering: .relaxed)
    StandardStreams.writeError(LedgerReport(ledger: losses, isQuiet: true).text)
  }
}
