import RDBSupport
import RESP

/// The stored position, and connections to the target that are lost.
extension Follower {
  func requirePosition(_ text: [UInt8]?) throws {
    let found = text.flatMap { StreamPosition(storedText: $0) }
    guard found == position else {
      throw FollowStop.positionLost(key: positionKey, expected: position, found: found)
    }
  }

  func resume(at text: [UInt8]?) throws {
    let found = text.flatMap { StreamPosition(storedText: $0) }
    guard let found, let count = unconfirmed.resume(at: found) else {
      throw FollowStop.positionLost(key: positionKey, expected: position, found: found)
    }
    summary.commandCount += count
    summary.unansweredCount += count
  }

  /// Sends WATCH for the key of the position on a new connection, and goes on from the position that the key has.
  func watchPosition() throws {
    try connection.link.write(StreamBatch.watching(positionKey))
    let watched = try connection.receive()
    if let words = watched.errorBytes { throw connection.refused(Array("WATCH".utf8), ServerError(words)) }
    let stored = try connection.receive()
    if let words = stored.errorBytes { throw connection.refused(Array("GET".utf8), ServerError(words)) }
    try resume(at: stored.bytes)
  }

  /// Runs `body`; if the connection is lost in it, connects again.
  func onTarget(_ body: () throws -> Void) throws {
    do { try body() } catch let error as TransferError {
      guard error.canRetry else { throw error }
      try restore(after: error)
    }
  }

  func noteLoss(_ error: any Error) throws {
    lossCount += 1
    // A command that makes the server close the connection would do so for ever.
    guard lossCount <= connector.settings.retryCount + 1 else { throw error }
  }

  func restore(after first: TransferError) throws {
    var (error, attempt) = (first, 0)
    while true {
      try noteLoss(error)
      connection.link.close()
      onReconnect(error)
      Connector.pause(attempt)
      attempt += 1
      do {
        connection = try connector.connect(to: .master)
        (exchange, knownDatabases, hasWritten) = (nil, [], false)
        _ = try connection.call("SELECT", "\(options.positionDatabase)")
        try watchPosition()
        reconnectionTime = MonotonicTime.now
        summary.targetReconnectionCount += 1
        return
      } catch let next as TransferError {
        guard next.canRetry, attempt <= connector.settings.retryCount else { throw next }
        error = next
      }
    }
  }
}
