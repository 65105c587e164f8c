import RDB
import RDBFormat

/// How commands are replayed.
package struct ReplayOptions: Sendable {
  /// The release whose behaviour is replayed, where releases differ.
  package var server: ServerVersion
  /// The time from which relative expiries count before the file gives a time itself.
  package var now: UnixMilliseconds
  /// The most memory that values may take, in bytes.
  package var memoryLimit = 256 << 20
  /// Whether values that take more than ``memoryLimit`` together end the replay. A single string never grows beyond it.
  var limitsMemory = true
  /// The number of databases: SELECT of a larger number fails, as on a server with the default configuration.
  package var databaseCount: UInt64 = 16
  /// Names that `rename-command` gave to commands, in lower case, and the commands' own names.
  package var renamedCommands: [String: String] = [:]
  /// Whether a command that is not replayed is counted as lost; else it ends the replay.
  package var skipsUnknown = false

  /// Whether all commands on a key come one after another, so that one pass is enough for a log of any size. A key that
  /// returns is an error.
  package var isGrouped = false

  package init(server: ServerVersion, now: UnixMilliseconds) {
    (self.server, self.now) = (server, now)
  }
}
