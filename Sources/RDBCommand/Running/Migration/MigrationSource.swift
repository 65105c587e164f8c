import RDB
import RDBSupport
import RedisTransfer

/// The server that keys are moved from, and what it told before the first write.
struct MigrationSource {
  let settings: ServerSettings
  /// The server, as messages show it.
  let server: String
  let facts: ServerFacts
  /// The server's clock; `nil` if the user may not ask for it.
  let clock: ClockReading?
  /// The commands for reading key by key that the user may not run.
  let forbidden: [String]
  /// Whether there are keys as Spring Session writes them, among the first thousands.
  let hasSpringSessions: Bool

  /// Connects to the server, and asks it.
  ///
  /// - Throws: `TransferError`.
  init(_ settings: ServerSettings) throws(TransferError) {
    self.settings = settings
    let connection = try Connector(settings).reconnect(to: .any)
    defer { connection.link.close() }
    server = connection.server
    facts = try connection.facts()
    clock = try connection.clock()
    forbidden = try PermissionProbe.forbidden(PermissionProbe.scanning, on: connection)
    hasSpringSessions =
      forbidden.contains("SCAN")
      ? false : try connection.hasKeys(like: "spring:session:*", in: facts.info.databases.map(\.number))
  }

  /// Whether the user may pause writes.
  ///
  /// - Throws: `TransferError`.
  func mayPause() throws(TransferError) -> Bool {
    let connection = try Connector(settings).reconnect(to: .any)
    defer { connection.link.close() }
    return try PermissionProbe.forbidden(PermissionProbe.pausing, on: connection).isEmpty
  }

  /// The bytes of a snapshot on their way from the server.
  struct Opened {
    let input: InputFile
    /// The server that sends, which can be a replica of the source.
    let server: String
    /// Whether sentinels can list this client as a replica now.
    let isEntered: Bool
    let counter: ByteCounter
    /// The reading by SCAN; `nil`: the server sends its snapshot.
    var scan: (any KeyScan)?
    /// The commands after the snapshot; `nil`: they are not read.
    var followed: FollowedSource?
  }

  /// Begins to read all keys.
  ///
  /// - Parameters:
  ///   - database: The only database to read by SCAN; `nil`: all.
  ///   - position: The position to go on from, if the commands after it are followed; `nil`: begin with a snapshot.
  ///   - note: Called before each new attempt to connect.
  /// - Throws: `TransferError` or ``Failure``.
  func open(
    _ command: Migrate, only database: Int32?, from position: StreamPosition?,
    _ note: @escaping @Sendable (TransferError) -> Void
  ) throws -> Opened {
    let counter = ByteCounter()
    let reading = command.reading
    guard !reading.scan else {
      let connector = try Connector(settings)
      let connection = try connector.reconnect(to: .replica, note)
      let scan = try ScanSource(connection, only: database.map { UInt32($0) }) { () throws(TransferError) in
        try connector.reconnect(to: .replica, note)
      }
      let input = input(SourceBytes(scan, counter))
      return Opened(input: input, server: connection.server, isEntered: false, counter: counter, scan: scan)
    }
    let sync = try SyncConnection(settings, allowsSentinelEntry: reading.allowSentinelEntry, note)
    if command.following.follow {
      // Only asked whether it may be followed.
      sync.connection.link.close()
      let followed = try refusing {
        try FollowedSource(settings, wanted: .replica, from: position, spool: reading.spoolLimits, note)
      }
      return Opened(
        input: input(SourceBytes(followed.snapshot, counter)), server: followed.server, isEntered: sync.isEntered,
        counter: counter, followed: followed)
    }
    let spooled = SpooledSource(
      try refusing { try SyncSource(sync.connection) }, limits: reading.spoolLimits)
    return Opened(
      input: input(SourceBytes(spooled, counter)), server: sync.connection.server, isEntered: sync.isEntered,
      counter: counter)
  }

  /// Asks for a synchronisation. The error of a server that refuses it says what to do.
  private func refusing<Source>(_ body: () throws -> Source) throws -> Source {
    do { return try body() } catch let error as TransferError {
      guard case .refused = error.condition else { throw error }
      var failure = error.failure
      failure.hint = "--scan reads the keys by SCAN and DUMP instead, not at one point in time."
      throw failure
    }
  }

  private func input(_ source: any ByteSource) -> InputFile {
    InputFile(shownName: "\(settings.address)", source: source, replayed: nil, identities: [])
  }
}

/// The bytes of a source. Its errors say that they are the source's.
private final class SourceBytes: ByteSource {
  private let base: any ByteSource
  private let counter: ByteCounter

  init(_ base: any ByteSource, _ counter: ByteCounter) { (self.base, self.counter) = (base, counter) }

  var totalByteCount: UInt64? { base.totalByteCount }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    do {
      let count = try base.read(into: buffer)
      counter.add(UInt64(count))
      return count
    } catch let error as TransferError {
      throw SourceLoss(error: error)
    } catch FollowStop.snapshotLost(let error) {
      throw SourceLoss(error: error)
    } catch let error as SpoolError {
      throw SpoolFailure(error: error)
    }
  }
}

/// The end of the connection to the source in the middle of its data.
struct SourceLoss: EndOfTransfer {
  var error: TransferError
}

/// The end of a transfer because the bytes that wait cannot be kept.
struct SpoolFailure: EndOfTransfer {
  var error: SpoolError

  /// The failure that ends the process.
  var failure: Failure {
    Failure(.ioError, "\(error)", hint: "Free some space, or name another folder with --spool-dir.")
  }
}

extension SourceReadingArguments {
  /// The limits of what waits.
  fileprivate var spoolLimits: ByteSpool.Limits {
    var limits = ByteSpool.Limits()
    limits.folder = spoolDir
    // A source that sends without end must not fill the disk of others.
    if let byteCount = spoolMax?.byteCount ?? Folder.freeByteCount(of: spoolDir ?? Folder.temporary).map({ $0 / 2 }) {
      limits.diskByteCount = byteCount
    }
    return limits
  }
}
