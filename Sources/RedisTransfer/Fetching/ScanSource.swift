import RDB
import RDBFormat
import RDBSupport
import RESP

/// A snapshot of the keys that a server has, read by SCAN and DUMP, as a source of bytes.
///
/// It is for servers that refuse a synchronisation. Its keys are not from one point in time, and a name can come twice,
/// the newer value last (``ScanRound``). ``read(into:)`` throws ``TransferError``, or `RDBError` for a damaged payload.
/// Memory holds the replies of one round trip.
package final class ScanSource: KeyScan {
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
  /// The number of replies since commands were sent.
  private var repliesSinceWrite = 0
  private let snapshot: ScannedSnapshot
  private var names: ScannedNames? = ScannedNames()
  private var isComplete = false

  package var keyCount: UInt64 { snapshot.keyCount }
  package private(set) var vanishedCount: UInt64 = 0
  package private(set) var inexactCount: UInt64 = 0
  package private(set) var repeatedCount: UInt64 = 0
  package let lacksFunctions: Bool

  /// The number of replies after which more commands are sent, although other replies wait to be read.
  private static let repliesPerWrite = 256
  /// The most failures without a key between them.
  private static let failureLimit = 20
  /// The number of databases of a server that does not tell it.
  private static let usualDatabaseCount: UInt64 = 16

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
        let libraries = named.isEmpty ? [] : try connection.functionLibraries()
        if let only {
          databases = [only]
        } else {
          databases = try Self.databases(facts.info, connection).reversed()
        }
        runIdentifier = facts.info.runIdentifier
        (version, lacksFunctions) = (facts.version, facts.functionLibraries == nil)
        snapshot = ScannedSnapshot(of: facts.version, at: facts.time, libraries: libraries)
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

  package var presentTime: Int64? { snapshot.presentTime }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while snapshot.pending.isEmpty {
      if isComplete { return 0 }
      try advance()
    }
    return snapshot.pending.take(into: buffer)
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
    try snapshot.write(key, in: database, from: connection.server)
    try names?.add(key.name.span.bytes, database)
  }

  private func finish() throws {
    isComplete = true
    try snapshot.finish()
    repeatedCount = try names.take()?.repetitions() ?? 0
    connection.link.close()
  }
}

extension Connection {
  /// Returns the code of all function libraries.
  ///
  /// - Throws: ``TransferError``.
  func functionLibraries() throws(TransferError) -> [[UInt8]] {
    var libraries: [[UInt8]] = []
    for entry in try call("FUNCTION", "LIST", "WITHCODE").elements ?? [] {
      guard let code = entry.fields?["library_code"]?.bytes else {
        throw TransferError(.unexpectedReply(command: "FUNCTION LIST"), at: server)
      }
      libraries.append(code)
    }
    return libraries
  }
}
