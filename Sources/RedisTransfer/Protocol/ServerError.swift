import RDBSupport

/// An error reply of a server: its kind, and the words of the server.
package struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
  package var kind: Kind
  /// The whole reply after its `-`, or as much of it as ``withoutArguments()`` keeps.
  package var words: [UInt8]

  /// Reads the kind from the first words of an error reply.
  package init(_ words: [UInt8]) {
    self.words = words
    kind = Kind(words)
  }

  /// The error without the arguments of the command that servers repeat after "unknown command".
  ///
  /// The arguments of AUTH and HELLO are a password.
  package func withoutArguments() -> ServerError {
    guard kind == .unknownCommand else { return self }
    let mark = Array(", with args beginning".utf8)
    guard let start = words.indices.first(where: { words[$0...].starts(with: mark) }) else { return self }
    var copy = self
    copy.words.removeSubrange(start...)
    return copy
  }

  /// The words of the server, safe for a terminal.
  package var description: String { "the server answered \(printable(words, limit: 512))" }

  /// The action after this error that can lead to success.
  package var remedy: Remedy {
    switch kind {
    case .loading, .tryAgain, .clusterDown, .masterDown, .busyScript, .notEnoughReplicas, .tooManyClients: .waiting
    case .readOnly: .findingMaster
    case .moved, .ask: .redirecting
    case .authenticationRequired, .wrongPassword, .passwordNotConfigured, .noPermission: .changingCredentials
    case .outOfMemory, .cannotSave, .protectedMode: .repairingServer
    default: .none
    }
  }

  /// An action that can lead to success.
  package enum Remedy: Hashable, Sendable {
    /// The same command can succeed later at the same server.
    case waiting
    /// The server is a replica. The command belongs to the master.
    case findingMaster
    /// Another node of the cluster has the slot.
    case redirecting
    /// The user must be another one or have another permission.
    case changingCredentials
    /// The server takes no writes, or no connections, until its memory limit, disk or settings change.
    case repairingServer
    /// The same command will fail again.
    case none
  }
}
