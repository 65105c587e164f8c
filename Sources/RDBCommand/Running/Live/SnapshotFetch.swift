import RDB
import RDBSupport
import RedisTransfer

/// The work of `rdb fetch`: asks a server for its snapshot, and stores it when it is complete and its checksum is right.
struct SnapshotFetch {
  /// The number of synchronisations that are begun. More of them would make the server save again and again.
  private static let attemptLimit = 3

  private let settings: ServerSettings
  private let output: OutputOptions
  private let progress: ProgressOptions
  private let maxRate: UInt64?
  private let allowsSentinelEntry: Bool
  private let scan: Scan?

  /// A reading by SCAN and DUMP, in place of a synchronisation.
  struct Scan {
    /// The database to read; `nil`: all.
    var database: UInt32?
  }

  init(
    _ settings: ServerSettings, _ output: OutputOptions, _ progress: ProgressOptions, maxRate: UInt64?,
    allowsSentinelEntry: Bool, scan: Scan?
  ) {
    (self.settings, self.output, self.progress, self.scan) = (settings, output, progress, scan)
    (self.maxRate, self.allowsSentinelEntry) = (maxRate, allowsSentinelEntry)
  }

  /// - Throws: `TransferError` or ``Failure``.
  func run() throws {
    if scan == nil {
      try settings.refuseCluster(
        hint: "--scan reads the keys one after another; rdb merge takes the addresses of all masters, and merges their "
          + "snapshots.")
    }
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
    let note: (TransferError) -> Void = { say("\($0); trying again") }
    let start = monotonicSeconds
    let (server, isEntered, copy): (String, Bool, SnapshotCopy)
    var repeatedCount: UInt64 = 0
    if let scan {
      let source: any KeyScan
      (source, server) = try scanned(scan, note)
      isEntered = false
      say("the keys are read one after another: the snapshot is not of one point in time")
      copy = try self.copy(source, to: file)
      for note in source.notes { say(note) }
      repeatedCount = source.repeatedCount
    } else {
      let sync = try SyncConnection(settings, allowsSentinelEntry: allowsSentinelEntry, note)
      (server, isEntered) = (sync.connection.server, sync.isEntered)
      copy = try self.copy(try SyncSource(sync.connection), to: file)
    }
    try verify(copy, from: server)
    do { try file.finish() } catch {
      throw RDBError.transfer("write", error, at: 0).failure(in: file.shownName)
    }
    say(
      "\(readable(byteCount: Double(copy.byteCount))) from \(server) in "
        + clock(Int((monotonicSeconds - start).rounded()))
        + (copy.checksum == .verified ? ", checksum verified" : "; the snapshot has no checksum"))
    if isEntered {
      StandardStreams.writeError(
        "rdb: sentinels may list a replica at port 0 now: SENTINEL RESET name, at each of them, removes it\n")
    }
    if repeatedCount > 0 {
      throw Failure(
        .losses, "\(counted(repeatedCount, "key")) came more than once, and a server loads no file with such keys",
        hint: "rdb merge FILE --on-conflict last -o NEW keeps the newer one of each.")
    }
  }

  /// Connects to the server, or to a cluster, and reads it key by key.
  ///
  /// - Returns: The reading, and the server, as messages show it.
  private func scanned(_ scan: Scan, _ note: @escaping (TransferError) -> Void) throws -> (any KeyScan, String) {
    let connector = try Connector(settings)
    if case .cluster = settings.address.target {
      if let database = scan.database, database != 0 {
        throw Failure(.usage, "\(settings.address): a cluster has no database \(database)")
      }
      return (try ClusterScanSource(try ClusterTopology(connector)), "\(settings.address)")
    }
    let connection = try connector.reconnect(to: .replica, note)
    let source = try ScanSource(connection, only: scan.database) { () throws(TransferError) in
      try connector.reconnect(to: .replica, note)
    }
    return (source, connection.server)
  }

  private func copy(_ source: any ByteSource, to file: OutputFile) throws -> SnapshotCopy {
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
      if let error = error as? RDBError { throw error.failure(in: "\(settings.address)") }
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

  private func say(_ text: String) { progress.say(text) }
}
