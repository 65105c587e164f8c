import RDBSupport
import RESP

/// The reason why a conversation with a server ended.
///
/// No text of an error holds a password.
package struct TransferError: Error, Sendable, CustomStringConvertible {
  /// The kind of the reason.
  package enum Condition: Hashable, Sendable {
    /// No connection: the name is unknown, the port is closed, or nothing answers. The text is the system's.
    case unreachable(String)
    /// TLS could not be agreed on: a certificate, a name or a version was refused, by either side.
    case encryption(String)
    /// The connection was closed. The text is the system's, or empty if the server just closed it.
    case closed(String)
    /// Nothing arrived, or nothing could be sent, for this time.
    case timedOut(Duration)
    /// The server refused a command, which is given by its name.
    case refused(command: String, ServerError)
    /// The server sent what no server of this kind sends.
    case unexpectedReply(command: String)
    /// The server sent bytes that are no reply.
    case malformedReply(RESPError)
    /// The snapshot that the server sends is malformed or incomplete.
    case malformedSnapshot(SyncFramingError)
    /// No replica is in step with the master of this name.
    case noReplica(name: [UInt8])
    /// No sentinel that answered knows the name, or none answered.
    case noMaster(name: [UInt8], reasons: [String])
    /// The server is not a master, and a write needs one.
    case notMaster
    /// The server is no node of a cluster, and the address is that of one.
    case notCluster
    /// The settings cannot be used, for example a certificate that cannot be read.
    case badSetting(String)
    /// The server was still reading its data into memory after this time.
    case stillLoading(Duration)
  }

  package var condition: Condition
  /// The server, as messages show it.
  package var server: String
  /// The user that was used, if the condition has to do with it.
  package var user: String?

  package init(_ condition: Condition, at server: String, user: String? = nil) {
    (self.condition, self.server, self.user) = (condition, server, user)
  }

  /// Whether a new connection, perhaps to a new master, can lead to success.
  package var canRetry: Bool {
    switch condition {
    case .unreachable, .closed, .timedOut, .noMaster, .noReplica, .notMaster: true
    case .malformedSnapshot(let error): error.kind == .truncated
    case .refused(_, let error): error.remedy == .waiting || error.remedy == .findingMaster
    case .encryption, .unexpectedReply, .malformedReply, .badSetting, .stillLoading, .notCluster: false
    }
  }

  package var description: String {
    switch condition {
    case .unreachable(let reason): "cannot connect to \(server): \(reason)"
    case .encryption(let reason): "no TLS connection to \(server): \(reason)"
    case .closed(let reason):
      "\(server) closed the connection" + (reason.isEmpty ? "" : ": \(reason)")
    case .timedOut(let time): "\(server) was silent for \(time.shown)"
    case .refused(let command, let error):
      "\(server) refused \(command)\(user.map { " for \($0)" } ?? ""): \(printable(error.words, limit: 512))"
    case .unexpectedReply(let command): "\(server) answered \(command) with something that no server sends"
    case .malformedReply(let error): "\(server) sent bytes that are no reply: \(error)"
    case .malformedSnapshot(let error): "\(server): \(error)"
    case .noReplica(let name): "no replica of \(printable(name)) is in step with its master"
    case .noMaster(let name, let reasons):
      "no sentinel names the master \(printable(name)): " + reasons.joined(separator: "; ")
    case .notCluster: "\(server) is no node of a cluster"
    case .notMaster: "\(server) is a replica, and takes no writes"
    case .badSetting(let reason): reason
    case .stillLoading(let time): "\(server) was still reading its data into memory after \(time.shown)"
    }
  }
}
