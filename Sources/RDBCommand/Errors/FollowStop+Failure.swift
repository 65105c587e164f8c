import RDBSupport
import RedisTransfer

extension FollowStop: EndOfTransfer {}

extension FollowStop {
  /// The reason for a new snapshot, if that helps; else `nil`.
  var reasonToBeginAnew: String? {
    switch self {
    case .snapshotLost(let error): "\(error)"
    case .mustStartAnew(let position):
      "the source does not have its commands after offset \(position.offset) any more (repl-backlog-size)"
    default: nil
    }
  }

  /// The failure that ends the process.
  var failure: Failure {
    switch self {
    case .refused(let failure): return Self.failure(failure)
    case .databaseRefused(let database, let error):
      return Failure(
        .refused, "the target has no database \(database): \(printable(error.words, limit: 512))",
        hint: "--db-map \(database):0 loads its keys into another one.")
    case .mustStartAnew, .snapshotLost: return Failure(.unreachable, reasonToBeginAnew)
    case .noPosition:
      return Failure(
        .refused, "the source does not tell the position of its snapshot, and cannot be followed",
        hint: "Leave out --follow, and stop what writes to the source first.")
    case .positionLost(let key, let expected, let found):
      return Failure(
        .refused,
        "the target's key \(printable(key)) should hold offset \(expected.offset), and "
          + (found.map { "holds \($0.offset)" } ?? "does not") + ": something else has written to the target",
        hint: "Move the keys once more, with --replace.")
    case .malformedStream(let error): return Failure(.refused, "the source sent bytes that are no command: \(error)")
    case .unexpectedCommand(let name, let offset):
      return Failure(.refused, "the source sent \(printable(name)) at offset \(offset), which no server does")
    case .tooLarge(let name, let offset):
      return Failure(
        .refused, "\(printable(name)) at offset \(offset) of the source is too large to be applied at once")
    case .tooFewReplicas(let count):
      return Failure(
        .refused, "only \(count) replicas confirmed the commands within 10 s",
        hint: "Look at the replicas of the target, or give --wait-replicas \(count).")
    }
  }

  private static func failure(_ failure: FollowFailure) -> Failure {
    let command =
      "\(String(decoding: failure.command, as: UTF8.self)) of key \(printable(failure.key)) in database "
      + "\(failure.database)"
    switch failure.reason {
    case .refused(let error):
      return Failure(
        error.remedy == .changingCredentials ? .noPermission : .refused,
        "the target refused \(command): \(printable(error.words, limit: 512))",
        hint: error.hint ?? "--on-error skip leaves out such commands, and counts them.")
    case .unsupported(let text):
      return Failure(.damaged, "\(command) cannot be applied: \(text)", hint: "--allow-loss leaves out such commands.")
    }
  }
}

extension FollowFailure {
  /// The reason as a clause of the ledger.
  var why: String {
    switch reason {
    case .refused(let error): "the target refused \(String(decoding: command, as: UTF8.self)): \(error)"
    case .unsupported(let text): "\(String(decoding: command, as: UTF8.self)): \(text)"
    }
  }
}
