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
  static let confirmedByteCount = 4 << 20
  static let confirmationTime: UInt64 = 1_000_000_000
  /// The time that replicas get to confirm.
  static let replicaTime = Duration.seconds(10)
  /// The time after a lost connection in which too few replicas are no error.
  static let failoverTime = Duration.seconds(60)
  /// The bytes of the source without any effect on the target, after which the position is stored all the same.
  static let idleByteCount: UInt64 = 256 << 10
  /// The most pieces of the stream that are read at once.
  private static let pieceLimit = 16
  /// The time between two calls of the owner.
  private static let decisionTime = Duration.milliseconds(50)

  enum Exchange {
    case batch(BatchReplies)
    /// WAIT for the first batches that are kept.
    case replicas(batchCount: Int)
    /// SELECT of each database of the next batch, and of the database of the position.
    case databases([UInt64], next: Int)
  }

  let source: FollowedSource
  let connector: Connector
  let options: FollowOptions
  /// The key that stores the position at the target.
  package let positionKey: [UInt8]
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  var reader: StreamReader
  var unconfirmed: UnconfirmedBatches
  var connection: Connection
  var exchange: Exchange?
  /// The time at which the last reply was due, in nanoseconds.
  var sentTime: UInt64 = 0
  /// The databases that this connection could select.
  var knownDatabases: Set<UInt64> = []
  /// Whether a transaction was applied on this connection.
  var hasWritten = false
  var unconfirmedSince: UInt64?
  var reconnectionTime: UInt64?
  var lossCount = 0
  var stopOffset = UInt64.max
  var isStopping = false
  var isAtEnd = false
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

  func take(_ decision: FollowDecision) {
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
  func readCommands() throws {
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

  func readSpool() throws -> Int? {
    do { return try source.spool.read(into: buffer, atMost: .zero) } catch FollowStop.mustStartAnew {
      throw FollowStop.mustStartAnew(after: position)
    }
  }

  var appliedOffset: UInt64 {
    // Commands without an effect need not be stored.
    exchange == nil && unconfirmed.isAnswered && !reader.hasCommands ? reader.position.offset : position.offset
  }

  func noteApplied() { source.applied(appliedOffset) }

  func wait() {
    let hasRoom = !isStopping && !isAtEnd && !reader.isFull && reader.position.offset < stopOffset
    _ = Link.wait(
      for: [connection.link], or: { hasRoom && source.spool.isReadableWhileLocked }, atMost: Self.decisionTime)
  }
}
