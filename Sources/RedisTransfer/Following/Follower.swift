import RDBSupport
import RESP

/// The applying of a source's commands to a target.
///
/// Commands go to the target in transactions. Each transaction stores the position after its commands, and takes effect
/// only if the position before it is still stored (WATCH). So no command is applied twice, and none is left out, whatever
/// connection is lost and whichever replica becomes master: the stored position tells what the target has. One transaction
/// is in flight at a time; what arrives meanwhile becomes the next one.
///
///     let follower = try Follower(source, to: settings, options)
///     let summary = try follower.run { progress in progress.lag == 0 ? .stopNow : .goOn }
///     try follower.removePosition()
///
/// One thread at a time uses a follower.
package final class Follower {
  /// The most failures that are kept.
  package static let failureLimit = 100_000
  /// The bytes of commands, not confirmed by replicas, beyond which nothing is sent before they are.
  private static let unconfirmedByteLimit = 48 << 20
  /// The bytes, and the time in nanoseconds, after which replicas are asked whether they have the commands.
  private static let confirmedByteCount = 4 << 20
  private static let confirmationTime: UInt64 = 1_000_000_000
  /// The time that replicas get to confirm.
  private static let replicaTime = Duration.seconds(10)
  /// The time after a lost connection in which too few replicas are no error.
  private static let failoverTime = Duration.seconds(60)
  /// The bytes of the source without any effect on the target, after which the position is stored all the same.
  private static let idleByteCount: UInt64 = 256 << 10
  /// The most pieces of the stream that are read at once.
  private static let pieceLimit = 16
  /// The time between two calls of the owner.
  private static let decisionTime = Duration.milliseconds(50)

  private enum Exchange {
    case batch(BatchReplies)
    /// WAIT for the first batches that are kept.
    case replicas(batchCount: Int)
    /// SELECT of each database of the next batch, and of the database of the position.
    case databases([UInt64], next: Int)
  }

  private let source: FollowedSource
  private let connector: Connector
  let options: FollowOptions
  /// The key that stores the position at the target.
  package let positionKey: [UInt8]
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  private var reader: StreamReader
  var unconfirmed: UnconfirmedBatches
  var connection: Connection
  private var exchange: Exchange?
  /// The time at which the last reply was due, in nanoseconds.
  private var sentTime: UInt64 = 0
  /// The databases that this connection could select.
  private var knownDatabases: Set<UInt64> = []
  /// Whether a transaction was applied on this connection.
  private var hasWritten = false
  private var unconfirmedSince: UInt64?
  private var reconnectionTime: UInt64?
  private var lossCount = 0
  private var stopOffset = UInt64.max
  private var isStopping = false
  private var isAtEnd = false
  var summary: FollowSummary

  /// Called with the reason before each attempt to connect to the target again.
  package var onReconnect: (TransferError) -> Void = { _ in }

  /// Connects to the target. After a snapshot, which must be loaded completely, the position is stored; after a resumption,
  /// it must be there.
  ///
  /// - Throws: ``FollowStop``, ``TransferError``, or the error that ended the snapshot.
  package init(_ source: FollowedSource, to target: ServerSettings, _ options: FollowOptions) throws {
    (self.source, self.options) = (source, options)
    let position = source.firstPosition
    let connector = try Connector(target, sharing: source.lock)
    self.connector = connector
    try source.beginCommands()
    let (connection, key) = try connector.retrying { () throws(TransferError) in
      let connection = try connector.connect(to: .master)
      return (connection, try Self.prepare(connection, source, position, options))
    }
    guard let key else {
      let key = StreamPosition.key(of: position.replication.identifier)
      throw FollowStop.positionLost(key: key, expected: position, found: nil)
    }
    (self.connection, positionKey) = (connection, key)
    unconfirmed = UnconfirmedBatches(after: position)
    reader = StreamReader(from: position, positionKey: positionKey, options)
    summary = FollowSummary(position: position)
    source.applied(position.offset)
    try onTarget {
      try watchPosition()
      try confirmStart()
    }
  }

  /// Waits until enough replicas have the first position, without which a new master would be taken for another target.
  private func confirmStart() throws {
    guard case .snapshot = source.start, options.replicaCount > 0 else { return }
    let milliseconds = Self.replicaTime.nanoseconds / 1_000_000
    let count = try connection.call("WAIT", "\(options.replicaCount)", "\(milliseconds)").number ?? 0
    guard count >= Int64(options.replicaCount) else { throw FollowStop.tooFewReplicas(Int(clamping: count)) }
  }

  /// Stores the position, or looks for the stored one.
  ///
  /// - Returns: Its key; `nil` if there is none.
  private static func prepare(
    _ connection: Connection, _ source: FollowedSource, _ position: StreamPosition, _ options: FollowOptions
  ) throws(TransferError) -> [UInt8]? {
    _ = try connection.call("SELECT", "\(options.positionDatabase)")
    guard case .snapshot = source.start else { return try StreamPosition.key(storing: position, at: connection) }
    let key = StreamPosition.key(of: position.replication.identifier)
    _ = try connection.call([Array("SET".utf8), key, position.storedText])
    return key
  }

  deinit {
    connection.link.close()
    buffer.deallocate()
  }

  /// The position up to which all commands are applied.
  package var position: StreamPosition { unconfirmed.position }

  /// Applies commands until the owner ends it.
  ///
  /// - Parameter decide: Called on this thread, mostly many times per second.
  /// - Throws: ``FollowStop``, ``TransferError`` or ``SpoolError``; or the error of `decide`.
  package func run(_ decide: (FollowProgress) throws -> FollowDecision) throws -> FollowSummary {
    var decided: UInt64 = 0
    while true {
      try readCommands()
      try onTarget { try sendNext() }
      noteApplied()
      if isDone { break }
      wait()
      try onTarget { try receive() }
      noteApplied()
      let now = MonotonicTime.now
      if now - decided >= Self.decisionTime.nanoseconds, !isStopping {
        decided = now
        take(try decide(progress))
      }
    }
    summary.position = position
    summary.messageCount = reader.messageCount
    summary.skippedCount = reader.skippedCount
    summary.sourceReconnectionCount = source.reconnectionCount
    return summary
  }

  /// Removes the position from the target, after the last run.
  ///
  /// - Throws: ``TransferError``.
  package func removePosition() throws {
    try connector.retrying { () throws(TransferError) in
      let connection = try connector.connect(to: .master)
      defer { connection.link.close() }
      _ = try connection.call("SELECT", "\(options.positionDatabase)")
      _ = try connection.call([Array("DEL".utf8), positionKey])
    }
  }

  /// The state of the following.
  package var progress: FollowProgress {
    var progress = source.progress
    progress.commandCount = summary.commandCount
    return progress
  }

  private func take(_ decision: FollowDecision) {
    switch decision {
    case .goOn: break
    case .stop(let offset): stopOffset = offset
    case .stopNow: isStopping = true
    }
  }

  /// Whether all commands up to the end are applied, and on enough replicas.
  private var isDone: Bool {
    guard exchange == nil, unconfirmed.isAnswered, options.replicaCount == 0 || unconfirmed.isEmpty else {
      return false
    }
    return isStopping || reader.position.offset >= stopOffset && !reader.hasCommands || isAtEnd && !reader.hasCommands
  }

  // MARK: The source

  /// Reads what has arrived, without waiting, until a batch is full.
  private func readCommands() throws {
    // A source that sends much without any command must not keep the owner from being called.
    for _ in 0..<Self.pieceLimit where !isStopping && !isAtEnd {
      try reader.read(upTo: stopOffset)
      for failure in reader.takeFailures() { note(failure) }
      if reader.takeAcknowledgementRequest() { source.applied(appliedOffset, acknowledgingNow: true) }
      guard !reader.isFull, reader.position.offset < stopOffset else { return }
      guard let count = try readSpool() else { return }
      if count == 0 { return isAtEnd = true }
      reader.feed(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
    }
  }

  private func readSpool() throws -> Int? {
    do { return try source.spool.read(into: buffer, atMost: .zero) } catch FollowStop.mustStartAnew {
      throw FollowStop.mustStartAnew(after: position)
    }
  }

  private var appliedOffset: UInt64 {
    // Commands without an effect need not be stored.
    exchange == nil && unconfirmed.isAnswered && !reader.hasCommands ? reader.position.offset : position.offset
  }

  private func noteApplied() { source.applied(appliedOffset) }

  private func wait() {
    let hasRoom = !isStopping && !isAtEnd && !reader.isFull && reader.position.offset < stopOffset
    _ = Link.wait(
      for: [connection.link], or: { hasRoom && source.spool.isReadableWhileLocked }, atMost: Self.decisionTime)
  }

  // MARK: The target

  /// Sends the next transaction, if none is in flight.
  private func sendNext() throws {
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

  private func send(_ bytes: [UInt8]) throws(TransferError) {
    sentTime = MonotonicTime.now
    try connection.link.write(bytes)
  }

  /// Asks the replicas, if it is time, for what the target has.
  private func askReplicas() throws(TransferError) -> Bool {
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
  private func receive() throws {
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
  private func takeReplies() throws -> Bool {
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

  private func nextReply() throws(RESPError) -> RESPValue? {
    while let reply = try connection.decoder.next() {
      if case .push = reply { continue }
      return reply
    }
    return nil
  }

  private func take(_ result: BatchReplies.Result) throws {
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

  private func takeReplicas(_ reply: RESPValue, _ batchCount: Int) throws {
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

  // MARK: The stored position

  private func requirePosition(_ text: [UInt8]?) throws {
    let found = text.flatMap { StreamPosition(storedText: $0) }
    guard found == position else {
      throw FollowStop.positionLost(key: positionKey, expected: position, found: found)
    }
  }

  private func resume(at text: [UInt8]?) throws {
    let found = text.flatMap { StreamPosition(storedText: $0) }
    guard let found, let count = unconfirmed.resume(at: found) else {
      throw FollowStop.positionLost(key: positionKey, expected: position, found: found)
    }
    summary.commandCount += count
    summary.unansweredCount += count
  }

  /// Watches the position on a new connection, and goes on from the one that is stored.
  private func watchPosition() throws {
    try connection.link.write(StreamBatch.watching(positionKey))
    let watched = try connection.receive()
    if let words = watched.errorBytes { throw connection.refused(Array("WATCH".utf8), ServerError(words)) }
    let stored = try connection.receive()
    if let words = stored.errorBytes { throw connection.refused(Array("GET".utf8), ServerError(words)) }
    try resume(at: stored.bytes)
  }

  // MARK: Lost connections

  /// Runs `body`; if the connection is lost in it, connects again.
  private func onTarget(_ body: () throws -> Void) throws {
    do { try body() } catch let error as TransferError {
      guard error.canRetry else { throw error }
      try restore(after: error)
    }
  }

  private func noteLoss(_ error: any Error) throws {
    lossCount += 1
    // A command that makes the server close the connection would do so for ever.
    guard lossCount <= connector.settings.retryCount + 1 else { throw error }
  }

  private func restore(after first: TransferError) throws {
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
