/// Errors of single commands.
extension Follower {
  /// Counts the error of a command in a transaction that was applied.
  func count(_ error: BatchReplies.CommandError, in batch: StreamBatch) throws {
    guard error.command < batch.commandCount else {
      // The position could not be stored.
      throw connection.refused(Array("SET".utf8), error.error)
    }
    if error.error.isAboutMissingKey {
      summary.expiredCount += 1
      return
    }
    let failure = batch.failure(ofCommand: error.command, .refused(error.error))
    note(failure)
    if options.onError == .stop || error.error.remedy == .changingCredentials { throw FollowStop.refused(failure) }
  }

  func note(_ failure: FollowFailure) {
    summary.failureCount += 1
    if summary.failures.count < Self.failureLimit { summary.failures.append(failure) }
  }

  /// Removes the commands that the target refused, or ends, after a transaction that was discarded.
  func discard(_ batch: StreamBatch, _ errors: [BatchReplies.CommandError], _ reason: ServerError) throws {
    for error in [reason] + errors.map(\.error) where error.remedy == .waiting || error.remedy == .findingMaster {
      throw TransferError(.refused(command: "EXEC", error), at: connection.server)
    }
    guard let first = errors.first, first.command < batch.commandCount else {
      throw connection.refused(Array("EXEC".utf8), errors.first?.error ?? reason)
    }
    let mustStop = errors.contains { $0.error.remedy != .none }
    let failures = errors.filter { $0.command < batch.commandCount }
      .map { batch.failure(ofCommand: $0.command, .refused($0.error.withoutArguments())) }
    if options.onError == .stop || mustStop {
      let index = errors.firstIndex { $0.error.remedy != .none } ?? 0
      throw FollowStop.refused(failures[min(index, failures.count - 1)])
    }
    for failure in failures { note(failure) }
    var rest = batch
    rest.remove(errors.map(\.command).filter { $0 < batch.commandCount })
    unconfirmed.replaceNext(rest)
  }
}

extension ServerError {
  /// Whether a command needs a key that does not exist: `ERR no such key`.
  fileprivate var isAboutMissingKey: Bool { words.elementsEqual("ERR no such key".utf8) }
}
