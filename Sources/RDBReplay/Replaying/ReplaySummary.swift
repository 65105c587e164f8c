import RDB

/// What happened while commands were replayed.
package struct ReplaySummary: Sendable {
  /// A command with the reason why it had no effect.
  package struct Failure: Hashable, Sendable {
    /// The command's name in lower case.
    package let command: String
    package let reason: String
  }

  /// How often something happened, and where first.
  package struct Count: Hashable, Sendable {
    package var count: UInt64 = 0
    /// The file, by its number in the order of replay, and the offset in it.
    package var part: Int
    package var offset: UInt64
  }

  /// The number of commands that were replayed, those without effect included.
  package var commandCount: UInt64 = 0
  /// Commands that a server answers with an error and passes over.
  package internal(set) var failures: [Failure: Count] = [:]
  /// Commands that were left out because they cannot be replayed: their effect is lost.
  package internal(set) var lost: [Failure: Count] = [:]
  /// CONFIG SET, which a server would execute.
  package internal(set) var configurationCount: UInt64 = 0

  /// Creates the summary of no commands.
  package init() {}

  /// What is missing from the keyspace, and what is remarkable about it.
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

extension [ReplaySummary.Failure: ReplaySummary.Count] {
  mutating func add(_ command: ReplayCommand, _ name: String, _ reason: String) {
    let failure = ReplaySummary.Failure(command: name, reason: reason)
    self[failure, default: ReplaySummary.Count(part: command.part, offset: command.offset)].count += 1
  }
}
