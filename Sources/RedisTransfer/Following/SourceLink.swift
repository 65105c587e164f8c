import RDB
import RDBSupport
import RESP

/// The connection of a ``FollowedSource``, and the thread that reads from it.
final class SourceLink: @unchecked Sendable {
  /// The time after which a silent source counts as lost. It sends PING every 10 s by default, and newlines while it saves.
  private static let silenceLimit = Duration.seconds(60)
  /// The time between two acknowledgements. A source closes a connection without any for 60 s by default.
  private static let acknowledgementTime: UInt64 = 1_000_000_000
  /// The longest time until a request of an acknowledgement is noticed.
  private static let waitingTime = Duration.milliseconds(100)

  private let connector: Connector
  private let wanted: Connector.Wanted
  private let spool: ByteSpool
  private let note: @Sendable (TransferError) -> Void

  // Used by the thread alone, once it runs.
  private var framing: SyncFraming?
  /// Bytes that arrived after the reply to PSYNC in the same piece.
  private var rest: [UInt8] = []
  private var acknowledgedTime: UInt64 = 0

  // Under the lock of the spool.
  private var position = ReplicationPosition(identifier: [], offset: 0)
  private var appliedOffset: UInt64 = 0
  private var sourceOffset: UInt64?
  private var isAcknowledgementDue = false
  private var isClosed = false
  private var lossCount = 0
  private var arrivals = ArrivalTimes()

  init(
    _ connector: Connector, _ wanted: Connector.Wanted, _ spool: ByteSpool,
    _ note: @escaping @Sendable (TransferError) -> Void
  ) {
    (self.connector, self.wanted, self.spool, self.note) = (connector, wanted, spool, note)
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    spool.lock.lock()
    defer { spool.lock.unlock() }
    return body()
  }

  var identifier: [UInt8] { locked { position.identifier } }
  var reconnectionCount: Int { locked { lossCount } }

  var progress: FollowProgress {
    let spooledByteCount = spool.addedByteCount - spool.readByteCount
    return locked {
      var progress = FollowProgress()
      (progress.receivedOffset, progress.appliedOffset) = (position.offset, appliedOffset)
      progress.sourceOffset = sourceOffset
      progress.age = arrivals.age(of: appliedOffset, at: MonotonicTime.now)
      progress.spooledByteCount = spooledByteCount
      return progress
    }
  }

  func applied(_ offset: UInt64, now isDue: Bool) {
    locked {
      appliedOffset = max(appliedOffset, offset)
      arrivals.drop(upTo: appliedOffset)
      if isDue { isAcknowledgementDue = true }
    }
  }

  func close() {
    locked { isClosed = true }
    spool.cancel()
  }

  // MARK: Connecting

  /// Connects, and asks for a synchronisation.
  ///
  /// - Throws: ``TransferError``.
  func begin(_ purpose: SyncHandshake.Purpose, _ note: (TransferError) -> Void) throws(TransferError)
    -> (Connection, SyncHandshake.Outcome)
  {
    try connector.retrying(note) { () throws(TransferError) in
      let connection = try connector.connect(to: wanted)
      return (connection, try synchronise(connection, purpose))
    }
  }

  /// Asks for a synchronisation.
  private func synchronise(_ connection: Connection, _ purpose: SyncHandshake.Purpose) throws(TransferError)
    -> SyncHandshake.Outcome
  {
    let outcome: SyncHandshake.Outcome
    (outcome, rest) = try connection.synchronise(purpose)
    begin(outcome)
    return outcome
  }

  private func begin(_ outcome: SyncHandshake.Outcome) {
    switch outcome {
    case .snapshot(let beginning):
      framing = SyncFraming()
      locked {
        position = beginning ?? position
        appliedOffset = position.offset
      }
    case .commands(let resumed):
      framing = nil
      locked {
        if appliedOffset == 0 { appliedOffset = resumed.offset }
        position = resumed
      }
    }
  }

  // MARK: The thread

  /// Starts the threads.
  ///
  /// - Throws: ``SpoolError`` if the system has no thread left.
  func run(_ connection: Connection) throws {
    nonisolated(unsafe) let connection = connection
    let isRunning = WorkerThread.detach { self.read(from: connection) }
    guard isRunning else {
      throw SpoolError.storage(SystemError("start a thread", offset: 0, code: EAGAIN), folder: "")
    }
    WorkerThread.detach { self.watchOffset() }
  }

  private func read(from first: Connection) {
    var connection = first
    do {
      while true {
        do throws(TransferError) {
          try receive(from: connection)
          return connection.link.close()
        } catch {
          connection.link.close()
          guard error.canRetry else { throw error }
          // A snapshot cannot be resumed.
          guard framing == nil else { throw FollowStop.snapshotLost(error) }
          connection = try resume(after: error)
        }
      }
    } catch {
      spool.fail(error)
    }
  }

  /// Connects again, and asks for the bytes after the last one.
  ///
  /// - Throws: ``TransferError``, or ``FollowStop`` if the source does not have them any more.
  private func resume(after first: TransferError) throws -> Connection {
    var (error, attempt) = (first, 0)
    while true {
      note(error)
      Connector.pause(attempt)
      attempt += 1
      if locked({ isClosed }) { throw SpoolError.cancelled }
      let last = locked { position }
      do throws(TransferError) {
        let connection = try connector.connect(to: wanted)
        let outcome = try synchronise(connection, .resuming(last))
        locked { lossCount += 1 }
        if case .commands = outcome { return connection }
        connection.link.close()
      } catch let next {
        guard next.canRetry, attempt <= connector.settings.retryCount else { throw next }
        error = next
        continue
      }
      throw FollowStop.mustStartAnew(after: StreamPosition(last, database: 0))
    }
  }

  /// Reads until the source is closed.
  private func receive(from connection: Connection) throws(TransferError) {
    let link = connection.link
    var heard = MonotonicTime.now
    let first = rest
    rest = []
    try take(first.span.bytes, connection)
    while !locked({ isClosed }) {
      try acknowledge(on: link)
      guard spool.hasRoom else {
        _ = spool.waitForRoom(atMost: Self.waitingTime)
        heard = MonotonicTime.now
        continue
      }
      var failure: TransferError?
      let hasBytes = try link.take { chunk in
        do throws(TransferError) { try take(chunk, connection) } catch { failure = error }
      }
      if let failure { throw failure }
      if hasBytes {
        heard = MonotonicTime.now
      } else if !Link.wait(for: [link], atMost: Self.waitingTime) {
        let limit = max(Self.silenceLimit, connector.settings.replyTimeout)
        guard MonotonicTime.now - heard < limit.nanoseconds else {
          throw TransferError(.timedOut(limit), at: connection.server)
        }
      }
    }
  }

  /// Tells the source the offset that is applied, if it is time.
  private func acknowledge(on link: Link) throws(TransferError) {
    let now = MonotonicTime.now
    let offset: UInt64? = locked {
      guard isAcknowledgementDue || now - acknowledgedTime >= Self.acknowledgementTime else { return nil }
      isAcknowledgementDue = false
      return appliedOffset
    }
    guard let offset else { return }
    acknowledgedTime = now
    try link.write(ReplicationPosition(identifier: [], offset: offset).acknowledgement)
  }

  private func take(_ chunk: RawSpan, _ connection: Connection) throws(TransferError) {
    let start = try takeSnapshot(chunk, connection)
    guard start < chunk.byteCount else { return }
    try add(chunk.extracting(start..<chunk.byteCount))
    locked {
      position.offset += UInt64(chunk.byteCount - start)
      arrivals.note(position.offset, at: MonotonicTime.now)
    }
  }

  /// Takes bytes of the snapshot. Returns their number.
  private func takeSnapshot(_ chunk: RawSpan, _ connection: Connection) throws(TransferError) -> Int {
    guard framing != nil else { return 0 }
    let part: SyncFraming.Part
    do throws(SyncFramingError) {
      guard let next = try framing?.receive(chunk) else { return 0 }
      part = next
    } catch { throw TransferError(sync: error, at: connection.server) }
    try add(part.heldBytes.span.bytes)
    try add(chunk.extracting(part.range))
    guard framing?.isComplete == true else { return chunk.byteCount }
    framing = nil
    spool.endSection()
    // After a mark, the source sends nothing before it is told that the snapshot has arrived.
    locked { isAcknowledgementDue = true }
    return part.consumedByteCount
  }

  private func add(_ bytes: RawSpan) throws(TransferError) {
    do throws(SpoolError) { try spool.add(bytes) } catch {
      // The spool tells its reader. A cancelled one ends the thread at the next look.
      locked { isClosed = true }
    }
  }

  // MARK: The offset of the source

  /// Asks the source each second for its offset. What it cannot tell stays unknown.
  private func watchOffset() {
    var connection: Connection?
    while !locked({ isClosed }) {
      do throws(TransferError) {
        let open =
          if let connection { connection } else { try connector.connect(to: wanted == .master ? .master : .any) }
        connection = open
        let information = try open.reply(to: [Array("INFO".utf8), Array("replication".utf8)])
        if let offset = ServerInfo(information)?.replicationOffset { locked { sourceOffset = offset } }
      } catch {
        connection?.link.close()
        connection = nil
        guard error.canRetry else { return }
      }
      for _ in 0..<10 where !locked({ isClosed }) { usleep(100_000) }
    }
    connection?.link.close()
  }
}

/// The times at which bytes arrived, kept at most ten times per second.
struct ArrivalTimes: Sendable {
  private static let distance: UInt64 = 100_000_000
  private static let limit = 10_000
  /// Each: the offset after the last byte that arrived in a tenth of a second, and the time of the first one.
  private var times = Queue<(offset: UInt64, time: UInt64)>()

  /// Notes that bytes before an offset have arrived.
  mutating func note(_ offset: UInt64, at time: UInt64) {
    if let last = times.isEmpty ? nil : times[times.count - 1],
      time < last.time + Self.distance || times.count >= Self.limit
    {
      times[times.count - 1].offset = offset
    } else {
      times.append((offset, time))
    }
  }

  /// Forgets bytes before an offset.
  mutating func drop(upTo offset: UInt64) {
    while let first = times.first, first.offset <= offset { _ = times.popFirst() }
  }

  /// Returns the age of the first byte after an offset.
  func age(of offset: UInt64, at time: UInt64) -> Duration {
    guard let first = times.first, first.offset > offset, time > first.time else { return .zero }
    return .nanoseconds(Int64(clamping: time - first.time))
  }
}
