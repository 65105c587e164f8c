import RDBSupport
import RESP

/// A trial of RESTORE: some services and users do not have it. It writes nothing.
package enum RestoreProbe {
  /// Whether the server takes RESTORE from this user, tried with a payload that no server takes.
  ///
  /// - Throws: ``TransferError`` for an error that other commands would get too.
  package static func canRestore(_ connection: Connection) throws(TransferError) -> Bool {
    let name = "swift-rdb-probe:\(UInt64.random(in: 0 ... .max))"
    let reply = try connection.reply(to: [Array("RESTORE".utf8), Array(name.utf8), Array("0".utf8), []])
    guard let words = reply.errorBytes else { return true }
    let error = ServerError(words)
    switch error.kind {
    case .noPermission, .unknownCommand: return false
    // The server reads the payload, has no room for one, or another node of the cluster has the slot of the name.
    case .payloadRefused, .outOfMemory, .moved, .ask: return true
    default: throw connection.refused(Array("RESTORE".utf8), error)
    }
  }
}
