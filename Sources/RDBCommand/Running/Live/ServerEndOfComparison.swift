import RDBFormat
import RDBSupport
import RedisTransfer

/// The server that an input is compared with, as the other input.
struct ServerEndOfComparison {
  let input: InputFile
  /// The reading by SCAN; `nil`: the server sends its snapshot.
  private let scan: DeferredSource<ScanSource>?

  /// Reads the server by SCAN and DUMP.
  ///
  /// - Parameters:
  ///   - database: The database to read; `nil`: all.
  ///   - sample: The part of the keys to read; `nil`: all.
  /// - Throws: `TransferError` or ``Failure``.
  init(scanning settings: ServerSettings, only database: Int32?, sample: KeySample? = nil) throws {
    try settings.refuseCluster()
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
    scan = source
    input = InputFile(shownName: "\(settings.address)", source: source, replayed: nil, identities: [])
  }

  /// Has the server send its snapshot.
  ///
  /// - Throws: ``Failure``.
  init(synchronised settings: ServerSettings) throws {
    (input, scan) = (try .synchronised(with: settings), nil)
  }

  /// The present time: that of the server, if it told its own.
  var time: UnixMilliseconds { scan?.base?.presentTime.map { UnixMilliseconds($0) } ?? .now }

  /// Notes about the reading for the user, complete at its end.
  var notes: [String] { scan?.base?.notes ?? [] }
}
