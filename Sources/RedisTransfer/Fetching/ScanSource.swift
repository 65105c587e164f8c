import RDB
import RDBFormat
import RDBSupport
import RESP

/// A snapshot of the keys that a server has, read by SCAN and DUMP, as a source of bytes.
///
/// It is for servers that refuse a synchronisation. Its keys are not from one point in time, and a name can come twice,
/// the newer value last (``ScanRound``). ``read(into:)`` throws ``TransferError``, or `RDBError` for a damaged payload.
/// Memory holds the replies of one round trip.
package final class ScanSource: ByteSource {
  private var connection: Connection
  /// Makes a connection that was lost anew; `nil`: its loss ends the scan.
  private let reopen: (() throws(TransferError) -> Connection)?
  /// The process that was asked first. A cursor of another one has another meaning.
  private let runIdentifier: String?
  /// The number of connections that were lost, or of times that the server asked to wait, without a key between them.
  private var failureCount = 0
  private let version: ServerVersion
  private let sample: KeySample?
  /// The databases that are still to be read, the next one last.
  private var databases: [UInt32]
  private var database: UInt32 = 0
  private var round: ScanRound?
  private var libraries: [[UInt8]] = []
  /// The number of replies since commands were sent.
  private var repliesSinceWrite = 0
  private let time: ServerTime?
  /// The monotonic time of ``time``.
  private let start = MonotonicTime.now
  private let pending = PendingBytes()
  /// Writes the snapshot; `nil` before the first key, whose payload tells the RDB version, and at the end.
  private var writer: RDBWriter?
  private var header: SnapshotHeader?
  private var names: ScannedNames? = ScannedNames()
  /// The database of the last key that was written; `nil`: none.
  private var selected: UInt32?
  private var isComplete = false

  /// The number of keys that are in the snapshot, also those that are in it twice.
  package private(set) var keyCount: UInt64 = 0
  /// The number of keys that the server named, but did not have any more when they were asked for.
  package private(set) var vanishedCount: UInt64 = 0
  /// The number of keys whose expiry may be some milliseconds late.
  package private(set) var inexactCount: UInt64 = 0
  /// The number of keys that are in the snapshot once more; complete at its end.
  package private(set) var repeatedCount: UInt64 = 0
  /// Whether the user may not read function libraries, so that the snapshot has none of them.
  package let lacksFunctions: Bool

  /// The number of replies after which more commands are sent, although other replies wait to be read.
  private static let repliesPerWrite = 256
  /// The most failures without a key between them.
  private static let failureLimit = 20
  /// The number of databases of a server that does not tell it.
  private static let usualDatabaseCount: UInt64 = 16
  /// The size of the writer's buffer, in bytes.
  private static let bufferByteCount = 64 << 10

  /// Asks the server which databases and function libraries it has.
  ///
  /// - Parameters:
  ///   - connection: A connection that is used for nothing else from now on.
  ///   - only: The database to read; `nil`: all that have keys.
  ///   - sample: The part of the keys to read; `nil`: all.
  ///   - reopen: Connects again after the connection is lost. By default, the loss ends the scan.
  /// - Throws: ``TransferError``.
  package init(
    _ connection: Connection, only: UInt32? = nil, sample: KeySample? = nil,
    reopening reopen: (() throws(TransferError) -> Connection)? = nil
  ) throws(TransferError) {
    var (connection, failureCount) = (connection, 0)
    while true {
      connection.decoder.limits = .values
      do throws(TransferError) {
        let facts = try connection.facts()
        let named = facts.functionLibraries ?? []
        libraries = named.isEmpty ? [] : try Self.libraries(connection)
        if let only {
          databases = [only]
        } else {
          databases = try Self.databases(facts.info, connection).reversed()
        }
        runIdentifier = facts.info.runIdentifier
        (version, time, lacksFunctions) = (facts.version, facts.time, facts.functionLibraries == nil)
        break
      } catch {
        guard let reopen, error.canRetry, failureCount < Self.failureLimit else { throw error }
        Connector.pause(failureCount)
        failureCount += 1
        connection = try reopen()
      }
    }
    (self.connection, self.reopen, self.sample) = (connection, reopen, sample)
  }

  /// Returns the databases that have keys: those of INFO. If a service leaves the keyspace out of INFO, asks each
  /// database for its size.
  private static func databases(_ info: ServerInfo, _ connection: Connection) throws(TransferError) -> [UInt32] {
    guard !info.hasKeyspace else { return info.databases.map(\.number) }
    let count = try connection.databaseCount() ?? usualDatabaseCount
    var databases: [UInt32] = []
    for number in 0..<UInt32(clamping: count) {
      // A cluster, and a server with fewer databases, refuses the number.
      guard try connection.reply(to: ["SELECT", "\(number)"].map { Array($0.utf8) }).errorBytes == nil else { break }
      if try connection.call("DBSIZE").number != 0 { databases.append(number) }
    }
    return databases
  }

  /// The present Unix time of the server, in milliseconds; `nil` if it did not tell its time.
  package var presentTime: Int64? {
    time.map { $0.milliseconds + Int64((MonotonicTime.now - start) / 1_000_000) }
  }

  private static func libraries(_ connection: Connection) throws(TransferError) -> [[UInt8]] {
    var libraries: [[UInt8]] = []
    for entry in try connection.call("FUNCTION", "LIST", "WITHCODE").elements ?? [] {
      guard let code = entry.fields?["library_code"]?.bytes else {
        throw TransferError(.unexpectedReply(command: "FUNCTION LIST"), at: connection.server)
      }
      libraries.append(code)
    }
    return libraries
  }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while pending.isEmpty {
      if isComplete { return 0 }
      try advance()
    }
    return pending.take(into: buffer)
  }

  // MARK: Reading

  /// Goes on by one reply, one database, or the end.
  private func advance() throws {
    guard round != nil else { return try beginDatabase() }
    var event: ScanRound.Event?
    do throws(TransferError) {
      var arrived = repliesSinceWrite < Self.repliesPerWrite ? try connection.arrivedReply() : nil
      if arrived == nil {
        try writeCommands()
        guard round?.isComplete == false else { return endDatabase() }
        arrived = try connection.receive()
      }
      guard let reply = arrived else { return }
      repliesSinceWrite += 1
      do throws(ScanRound.Failure) { event = try round?.receive(reply) } catch { throw connection.failed(error) }
    } catch {
      return try goOn(after: error)
    }
    switch event {
    case .key(let key):
      failureCount = 0
      try write(key)
    case .refused(let name, let error) where error.remedy == .waiting && failureCount < Self.failureLimit:
      Connector.pause(failureCount)
      failureCount += 1
      round?.retry(name)
    case .refused(_, let error): throw connection.refused(Array("DUMP".utf8), error)
    case .unreadable(_, let error): throw error
    case nil: break
    }
  }

  /// Sends all commands that may be sent now. A few large writes take much less time than one per key.
  private func writeCommands() throws(TransferError) {
    repliesSinceWrite = 0
    var bytes: [UInt8] = []
    while let commands = round?.takeCommands() {
      for command in commands { bytes += RESPText.command(command) }
    }
    if !bytes.isEmpty { try connection.link.write(bytes) }
  }

  /// Connects again after the connection was lost, or the server asked to wait. What was asked and not answered is asked
  /// again.
  private func goOn(after first: TransferError) throws(TransferError) {
    var error = first
    while true {
      guard let reopen, error.canRetry, failureCount < Self.failureLimit else { throw error }
      if case .refused = error.condition { Connector.pause(failureCount) }
      failureCount += 1
      let process: String?
      do throws(TransferError) {
        connection.link.close()
        connection = try reopen()
        connection.decoder.limits = .values
        process = ServerInfo(try connection.call("INFO", "server"))?.runIdentifier
        _ = try connection.call("SELECT", "\(database)")
      } catch let next {
        error = next
        continue
      }
      guard process == runIdentifier else { throw first }
      return round?.reconnect() ?? ()
    }
  }

  private func beginDatabase() throws {
    guard let next = databases.popLast() else { return try finish() }
    database = next
    do throws(TransferError) { _ = try connection.call("SELECT", "\(next)") } catch { try goOn(after: error) }
    round = ScanRound(from: version, sample: sample)
  }

  private func endDatabase() {
    vanishedCount += round?.vanishedCount ?? 0
    inexactCount += round?.inexactCount ?? 0
    round = nil
  }

  // MARK: Writing

  private func write(_ key: ScanRound.Key) throws {
    if header == nil { try begin(key.value.header) }
    // One server writes payloads of one version.
    guard key.value.header == header else {
      throw TransferError(.unexpectedReply(command: "DUMP"), at: connection.server)
    }
    if selected != database {
      try writer?.selectDatabase(UInt64(database))
      selected = database
    }
    let attributes = KeyAttributes(expiry: key.expiry.map { UnixMilliseconds($0) }, metadata: key.value.metadata)
    try writer?.beginStored(key.name.span.bytes, key.value.type, attributes, module: key.value.module)
    try writer?.stored(key.value.payload.span.bytes)
    try writer?.endKey()
    try names?.add(key.name.span.bytes, database)
    keyCount += 1
  }

  /// Writes what comes before the keys.
  private func begin(_ header: SnapshotHeader) throws {
    self.header = header
    var writer = try RDBWriter(to: pending, header: header, capacity: Self.bufferByteCount)
    if header.version >= 7 {
      let name = version.vendor == .valkey ? "valkey-ver" : "redis-ver"
      try writer.aux(name, "\(version.major).\(version.minor).\(version.patch)")
      if let time { try writer.aux("ctime", "\(time.milliseconds / 1000)") }
    }
    for library in libraries { try writer.functionLibrary(library.span.bytes) }
    self.writer = consume writer
  }

  private func finish() throws {
    isComplete = true
    if header == nil { try begin(SnapshotHeader(vendor: version.vendor, version: version.rdbVersion)) }
    guard let writer = writer.take() else { return }
    _ = try writer.finish()
    repeatedCount = try names.take()?.repetitions() ?? 0
    connection.link.close()
  }
}
