import RDBSupport
import RESP

/// A pause of all writes of clients to a master, renewed until it is ended. Servers from 6.2 on have it.
///
/// The pause ends by itself soon after this process does.
package final class SourcePause: @unchecked Sendable {
  /// The length of a pause that is not renewed, in milliseconds.
  private static let length = 10_000
  /// The time between two renewals.
  private static let renewalTime = Duration.seconds(3)

  private let lock = Lock()
  private let settings: ServerSettings
  private var connection: Connection
  private var hasEnded = false
  private var loss: TransferError?

  /// The master, as messages show it.
  package let server: String
  /// The offset of the master's commands during the pause.
  package let offset: UInt64

  /// Pauses the writes to the master of an address.
  ///
  /// - Throws: ``TransferError``.
  package init(_ settings: ServerSettings) throws(TransferError) {
    self.settings = settings
    connection = try Self.master(settings)
    server = connection.server
    _ = try connection.call("CLIENT", "PAUSE", "\(Self.length)", "WRITE")
    offset = try Self.offset(of: connection)
    WorkerThread.detach { [self] in renew() }
  }

  /// Returns the offset of the commands of an address's master.
  ///
  /// - Throws: ``TransferError``.
  package static func offset(_ settings: ServerSettings) throws(TransferError) -> UInt64 {
    let connection = try master(settings)
    defer { connection.link.close() }
    return try offset(of: connection)
  }

  private static func offset(of connection: Connection) throws(TransferError) -> UInt64 {
    guard let offset = ServerInfo(try connection.call("INFO", "replication"))?.replicationOffset else {
      throw TransferError(.unexpectedReply(command: "INFO"), at: connection.server)
    }
    return offset
  }

  /// Connects to the server of an address, or to its master.
  private static func master(_ settings: ServerSettings) throws(TransferError) -> Connection {
    let connector = try Connector(settings)
    let connection = try connector.reconnect(to: .any)
    guard case .replica(let master, _, _) = try Connector.role(of: connection) else { return connection }
    connection.link.close()
    return try connector.connect(to: settings.announceMap.reached(master))
  }

  private func renew() {
    lock.lock()
    defer { lock.unlock() }
    var due = MonotonicTime.now + Self.renewalTime.nanoseconds
    while !hasEnded {
      let now = MonotonicTime.now
      guard now >= due else {
        lock.wait(atMost: due - now)
        continue
      }
      due = now + Self.renewalTime.nanoseconds
      do throws(TransferError) {
        _ = try connection.call("CLIENT", "PAUSE", "\(Self.length)", "WRITE")
      } catch {
        loss = loss ?? error
        if let new = try? Self.master(settings) { connection = new }
      }
    }
  }

  /// Ends the pause.
  ///
  /// - Returns: The reason why writes may have passed meanwhile; `nil`: none did.
  package func end() -> TransferError? {
    lock.lock()
    defer { lock.unlock() }
    guard !hasEnded else { return loss }
    hasEnded = true
    lock.wakeAll()
    do throws(TransferError) { _ = try connection.call("CLIENT", "UNPAUSE") } catch { loss = loss ?? error }
    connection.link.close()
    return loss
  }
}
