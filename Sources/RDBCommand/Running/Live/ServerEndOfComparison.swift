import RDBFormat
import RDBSupport
import RedisTransfer

/// The server that an input is compared with, as the other input.
struct ServerEndOfComparison {
  let input: InputFile
  /// Returns the reading key by key; `nil` before its beginning, and if the server sends its snapshot.
  private let scan: () -> (any KeyScan)?

  /// Reads the server, or all masters of a cluster, key by key.
  ///
  /// - Parameters:
  ///   - database: The database to read; `nil`: all.
  ///   - sample: The part of the keys to read; `nil`: all.
  /// - Throws: `TransferError` or ``Failure``.
  init(scanning settings: ServerSettings, only database: Int32?, sample: KeySample? = nil) throws {
    if case .cluster = settings.address.target {
      if let database, database != 0 {
        throw Failure(.usage, "\(settings.address): a cluster has no database \(database)")
      }
      do throws(TransferError) {
        let topology = try ClusterTopology(try Connector(settings))
        let source = DeferredSource { try ClusterScanSource(topology, sample: sample) }
        scan = { source.base }
        input = InputFile(shownName: "\(settings.address)", source: source, replayed: nil, identities: [])
        return
      } catch { throw error.failure }
    }
    let connector: Connector
    let connection: Connection
    do throws(TransferError) {
      connector = try Connector(settings)
      connection = try connector.reconnect(to: .any)
    } catch { throw error.failure }
    let source = DeferredSource {
      try ScanSource(connection, only: database.map { UInt32($0) }, sample: sample) { () throws(TransferError) in
        try connector.reconnect(to: .any)
      }
    }
    scan = { source.base }
    input = InputFile(shownName: "\(settings.address)", source: source, replayed: nil, identities: [])
  }

  /// Has the server send its snapshot.
  ///
  /// - Throws: ``Failure``.
  init(synchronised settings: ServerSettings) throws {
    try settings.refuseCluster(hint: "Without --sync, it is read key by key.")
    (input, scan) = (try .synchronised(with: settings), { nil })
  }

  /// The present time: that of the server, if it told its own.
  var time: UnixMilliseconds { scan()?.presentTime.map { UnixMilliseconds($0) } ?? .now }

  /// Notes about the reading for the user, complete at its end.
  var notes: [String] { scan()?.notes ?? [] }
}
