import RDB
import RDBSupport
import RedisTransfer

/// The run of `rdb fetch`: asks a server for its snapshot, and stores it when it is complete and its checksum is right.
struct SnapshotFetch {
  /// The number of synchronisations that are begun. More of them would make the server save again and again.
  private static let attemptLimit = 3

  private let settings: ServerSettings
  private let output: OutputOptions
  private let progress: ProgressOptions
  private let maxRate: UInt64?
  private let allowsSentinelEntry: Bool

  init(
    _ settings: ServerSettings, _ output: OutputOptions, _ progress: ProgressOptions, maxRate: UInt64?,
    allowsSentinelEntry: Bool
  ) {
    (self.settings, self.output, self.progress) = (settings, output, progress)
    (self.maxRate, self.allowsSentinelEntry) = (maxRate, allowsSentinelEntry)
  }

  /// - Throws: `TransferError` or ``Failure``.
  func run() throws {
    var attempt = 1
    while true {
      let file = try OutputFile(path: output.output, keepsPartial: output.keepPartial, inputs: [])
      try file.refuseTerminal()
      do {
        return try fetch(to: file)
      } catch let error as TransferError {
        file.abandon()
        // What went to a pipe cannot be taken back.
        guard error.canRetry, attempt < Self.attemptLimit, file.byteCount == 0 || !file.isStream else { throw error }
        say("\(error); asking for the snapshot once more")
        attempt += 1
      }
    }
  }

  private func fetch(to file: OutputFile) throws {
    let connection = try Connector(settings).reconnect(to: .replica) { say("\($0); trying again") }
    let isEntered = try checkSentinels(connection)
    let start = monotonicSeconds
    let copy = try copy(connection, to: file)
    try verify(copy, from: connection.server)
    do { try file.finish() } catch {
      throw RDBError.transfer("write", error, at: 0).failure(in: file.shownName)
    }
    say(
      "\(readable(byteCount: Double(copy.byteCount))) from \(connection.server) in "
        + clock(Int((monotonicSeconds - start).rounded()))
        + (copy.checksum == .verified ? ", checksum verified" : "; the snapshot has no checksum"))
    if isEntered {
      StandardStreams.writeError(
        "rdb: sentinels may list a replica at port 0 now: SENTINEL RESET name, at each of them, removes it\n")
    }
  }

  private func copy(_ connection: Connection, to file: OutputFile) throws -> SnapshotCopy {
    let source = try SyncSource(connection)
    let counter = ByteCounter()
    let line = progress.start(
      ProgressLine.Position(read: { Int(clamping: counter.value) }, total: source.totalByteCount), output: file)
    defer { line?.end() }
    var pace = Pace(perSecond: maxRate)
    do {
      return try SnapshotCopy(source, to: file) { byteCount in
        pace.wait(for: byteCount - counter.value)
        counter.set(byteCount)
      }
    } catch {
      if let failure = file.failure { throw failure.failure(in: file.shownName) }
      throw error
    }
  }

  private func verify(_ copy: SnapshotCopy, from server: String) throws {
    guard copy.isSnapshot else {
      throw Failure(.damaged, "\(server) sent \(copy.byteCount) bytes that are no snapshot")
    }
    if case .mismatch = copy.checksum {
      throw Failure(
        .damaged, "the checksum of the snapshot that \(server) sent is wrong",
        hint: "Bytes were changed on the way, or in the server's memory: fetch it again.")
    }
  }

  /// Refuses a master that sentinels watch, unless the options allow it.
  ///
  /// - Returns: Whether sentinels can now list this client.
  private func checkSentinels(_ connection: Connection) throws -> Bool {
    guard case .master = try Connector.role(of: connection) else { return false }
    guard try SentinelWatch.isWatched(connection) ?? false else { return false }
    if allowsSentinelEntry { return true }
    throw Failure(
      .refused, "sentinels watch the master \(connection.server), and would list this client as one of its replicas",
      hint: "Give the address of a replica, or of the sentinels. --allow-sentinel-entry reads from the master anyway.")
  }

  private func say(_ text: String) {
    if !progress.quiet { StandardStreams.writeError("rdb: \(text)\n") }
  }
}
