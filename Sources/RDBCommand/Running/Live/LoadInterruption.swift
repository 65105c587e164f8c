import RDBSupport
import RedisTransfer
import Synchronization

/// The first Ctrl-C during a load: it ends the load as soon as keys are known to be safe, so that the journal and the hint
/// are right. The second one ends the process at once.
final class LoadInterruption: Sendable {
  /// The load ends, because the user wants it to.
  struct Stop: EndOfTransfer {}

  private let isRequested = Atomic(false)

  /// Takes the next Ctrl-C.
  func begin() {
    Interrupts.setFirstInterrupt { [self] in
      isRequested.store(true, ordering: .relaxed)
      StandardStreams.writeError("rdb: ending when the next keys are safe; Ctrl-C once more ends at once\n")
    }
  }

  /// Takes no Ctrl-C any more: the next one ends the process at once.
  func end() { Interrupts.setFirstInterrupt(nil) }

  /// Ends the load after the first Ctrl-C.
  ///
  /// - Throws: ``Stop``.
  func check() throws(Stop) {
    if isRequested.load(ordering: .relaxed) { throw Stop() }
  }

  /// Ends the process after the load has ended.
  ///
  /// - Parameters:
  ///   - count: The number of keys that are safe.
  ///   - hasJournal: Whether a journal tells the next load where to go on.
  static func exit(after count: UInt64, hasJournal: Bool) -> Never {
    let next =
      hasJournal
      ? "The same command goes on after them."
      : "The same command with --nx loads the others. With --resume FILE, a load goes on where it ended."
    Interrupts.end(
      by: SIGINT, hint: "\(counted(count, "key")) of the input \(count == 1 ? "is" : "are") loaded. \(next)")
  }
}
