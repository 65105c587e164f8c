import RDBSupport
import RESP

/// What a follower sends to the target, and the replies.
extension Follower {
  /// Sends the next transaction, if none is in flight.
  func sendNext() throws {
    guard exchange == nil else { return }
    if try askReplicas() { return }
    if options.replicaCount > 0, !hasWritten, unconfirmed.isAnswered, !unconfirmed.isEmpty {
      // WAIT only knows of writes on the same connection.
      unconfirmed.append(StreamBatch(storing: position))
    } else if unconfirmed.isAnswered, !isStopping {
      let idle = reader.position.offset - position.offset
      guard reader.hasCommands || idle >= Self.idleByteCount else { return }
      reader.setIdentifier(source.identifier)
      unconfirmed.append(reader.takeBatch())
    }
    guard let batch = unconfirmed.next else { return }
    let unknown = batch.databases.subtracting(knownDatabases).sorted()
    if !unknown.isEmpty {
      let all = unknown + [options.positionDatabase]
      try send(all.flatMap { RESPText.command("SELECT", "\($0)") })
      return exchange = .databases(all, next: 0)
    }
    try connection.link.write(StreamBatch.beginning)
    try connection.link.write(batch.bytes)
    try send(batch.ending(key: positionKey, database: options.positionDatabase))
    exchange = .batch(BatchReplies(commandCount: batch.commandCount + 2))
  }

  func send(_ bytes: [UInt8]) throws(TransferError) {
    sentTime = MonotonicTime.now
    try connection.link.write(bytes)
  }

  /// Sends WAIT, if it is due: asks whether the replicas have what the target has.
  func askReplicas() throws(TransferError) -> Bool {
    let count = unconfirmed.answeredBatchCount
    guard count > 0 else { return false }
    guard options.replicaCount > 0 else {
      unconfirmed.confirmed(count)
      return false
    }
    let since = unconfirmedSince ?? MonotonicTime.now
    unconfirmedSince = since
    guard
      unconfirmed.byteCount >= Self.confirmedByteCount || MonotonicTime.now - since >= Self.confirmationTime
        || isStopping || reader.position.offset >= stopOffset || isAtEnd
    else { return false }
    let milliseconds = Self.replicaTime.nanoseconds / 1_000_000
    try send(RESPText.command("WAIT", "\(options.replicaCount)", "\(milliseconds)"))
    exchange = .replicas(batchCount: count)
    return true
  }

  /// Takes the replies that have arrived.
  func receive() throws {
    while try connection.link.take({ connection.decoder.feed($0) }) {}
    do {
      while exchange != nil, try takeReplies() {}
    } catch let error as RESPError {
      throw TransferError(.malformedReply(error), at: connection.server)
    } catch let error as Handshake.Failure {
      throw connection.failed(error)
    }
    let limit = connector.settings.replyTimeout.nanoseconds + Self.replicaTime.nanoseconds
    if exchange != nil, MonotonicTime.now - sentTime > limit {
      throw TransferError(.timedOut(connector.settings.replyTimeout + Self.replicaTime), at: connection.server)
    }
  }

  /// - Returns: Whether there may be more.
  func takeReplies() throws -> Bool {
    switch exchange {
    case nil: return false
    case .batch(var replies):
      exchange = nil
      let result: BatchReplies.Result?
      do { result = try replies.receive(from: &connection.decoder) } catch {
        exchange = .batch(replies)
        throw error
      }
      guard let result else {
        exchange = .batch(replies)
        return false
      }
      try take(result)
    case .replicas(let batchCount):
      guard let reply = try nextReply() else { return false }
      exchange = nil
      try takeReplicas(reply, batchCount)
    case .databases(let all, let index):
      guard let reply = try nextReply() else { return false }
      if let words = reply.errorBytes {
        let error = ServerError(words)
        if error.remedy == .waiting { throw connection.refused(Array("SELECT".utf8), error) }
        throw FollowStop.databaseRefused(all[index], error)
      }
      knownDatabases.insert(all[index])
      exchange = index + 1 == all.count ? nil : .databases(all, next: index + 1)
    }
    return true
  }

  func nextReply() throws(RESPError) -> RESPValue? {
    while let reply = try connection.decoder.next() {
      if case .push = reply { continue }
      return reply
    }
    return nil
  }

  func take(_ result: BatchReplies.Result) throws {
    guard let batch = unconfirmed.next else { return }
    switch result.effect {
    case nil: break
    case .applied(let errors):
      if !batch.isCounted {
        summary.commandCount += batch.sourceCommandCount
        for error in errors { try count(error, in: batch) }
      }
      unconfirmed.answered()
      (lossCount, hasWritten) = (0, true)
      // Another process may have written between EXEC and WATCH.
      try requirePosition(result.storedText)
    case .discarded(let errors, let reason): try discard(batch, errors, reason)
    case .overtaken:
      // Perhaps by the same transaction, sent on a connection that was lost.
      try resume(at: result.storedText)
      try noteLoss(FollowStop.positionLost(key: positionKey, expected: position, found: nil))
    }
  }

  func takeReplicas(_ reply: RESPValue, _ batchCount: Int) throws {
    guard let count = reply.number else {
      throw connection.refused(Array("WAIT".utf8), ServerError(reply.errorBytes ?? Array("no number".utf8)))
    }
    if count >= Int64(options.replicaCount) {
      unconfirmed.confirmed(batchCount)
      unconfirmedSince = unconfirmed.isEmpty ? nil : MonotonicTime.now
    } else {
      guard let reconnectionTime, MonotonicTime.now - reconnectionTime < Self.failoverTime.nanoseconds else {
        throw FollowStop.tooFewReplicas(Int(clamping: count))
      }
    }
  }
}
