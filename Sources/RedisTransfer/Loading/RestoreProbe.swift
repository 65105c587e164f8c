import RDBSupport
import RESP

/// Tests whether the user may run RESTORE, without writing anything.
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
    case .unknownCommand: return false
    // The user may have RESTORE for names of a pattern only, to which the name of the test does not belong.
    case .noPermission: return !error.isAboutCommand
    // The server reads the payload, has no room for one, or another node of the cluster has the slot of the name.
    case .payloadRefused, .outOfMemory, .moved, .ask: return true
    default: throw connection.refused(Array("RESTORE".utf8), error)
    }
  }
}

extension ServerError {
  /// Whether a missing permission is that for the command, not that for a key: `NOPERM User u has no permissions to run
  /// the 'restore' command`, or before 7.0 `NOPERM this user has no permissions to run the 'restore' command or its
  /// subcommand`.
  fileprivate var isAboutCommand: Bool { String(decoding: words, as: UTF8.self).contains(" to run ") }
}
