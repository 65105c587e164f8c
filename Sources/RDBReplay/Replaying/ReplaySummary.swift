import RDB

/// The counts of commands that were replayed, that failed, and that were left out.
package struct ReplaySummary: Sendable {
  /// A command with the reason why it had no effect.
  package struct Failure: Hashable, Sendable {
    /// The command's name in lower case.
    package let command: String
    package let reason: String
  }

  /// The number of times that something happened, with the file and offset of the first.
  package struct Count: Hashable, Sendable {
    package var count: UInt64 = 0
    /// The file, by its number in the order of replay, and the offset in it.
    package var part: Int
    package var offset: UInt64
  }

  /// The number of commands that were replayed, those without effect included.
  package var commandCount: UInt64 = 0
  /// Commands that a server answers with an error and skips.
  package private(set) var failures: [Failure: Count] = [:]
  /// Commands that were left out because they cannot be replayed: their effect is lost.
  package internal(set) var lost: [Failure: Count] = [:]
  /// The number of CONFIG commands, which a server would execute.
  package internal(set) var configurationCount: UInt64 = 0

  /// The number of commands that failed.
  package private(set) var failureCount: UInt64 = 0

  /// Creates the summary of no commands.
  package init() {}

  /// Counts a command that failed.
  mutating func addFailure(_ command: ReplayCommand, _ name: String, _ error: CommandError) {
    failureCount += 1
    failures.add(command, name, error.description)
  }

  /// Adds the summary of other commands of the same log.
  package mutating func merge(_ other: ReplaySummary) {
    commandCount += other.commandCount
    failureCount += other.failureCount
    failures.merge(other.failures) { $0.merged($1) }
    lost.merge(other.lost) { $0.merged($1) }
    configurationCount += other.configurationCount
  }

  /// The commands that are missing from the keyspace, as losses, and the failed commands, as notes.
  package var ledger: Ledger {
    var ledger = Ledger()
    for (failure, count) in lost {
      ledger.lose(
        .command, failure.reason, count: count.count, key: Array(failure.command.utf8),
        offset: Int(clamping: count.offset))
    }
    for (failure, count) in failures {
      ledger.note(
        "commands that fail, as on a server (\(failure.reason))", count: count.count,
        key: Array(failure.command.utf8), offset: Int(clamping: count.offset))
    }
    if configurationCount > 0 { ledger.note("CONFIG SET, which is not executed", count: configurationCount) }
    return ledger
  }
}

extension ReplaySummary.Count {
  fileprivate func merged(_ other: Self) -> Self {
    var first = (part, offset) <= (other.part, other.offset) ? self : other
    first.count = count + other.count
    return first
  }
}

extension [ReplaySummary.Failure: ReplaySummary.Count] {
  mutating func add(_ command: ReplayCommand, _ name: String, _ reason: String) {
    // A file can have any number of unknown names: only the first are told apart.
    let shown = count < 1000 ? String(name.prefix(64)) : "…"
    let failure = ReplaySummary.Failure(command: shown, reason: reason)
    self[failure, default: ReplaySummary.Count(part: command.part, offset: command.offset)].count += 1
  }
}
