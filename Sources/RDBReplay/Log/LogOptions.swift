import RDB
import RDBFormat

/// How a log is read.
package struct LogOptions: Sendable {
  /// The point at which reading stops.
  package enum Stop: Hashable, Sendable {
    /// Before the first annotation with a later time, or before the transaction that contains it.
    case time(UnixMilliseconds)
    /// After the last command and transaction that end at or before an offset of a file. The name is not needed for a
    /// log of one file.
    case offset(UInt64, file: String?)
  }

  /// Whether the last file may end inside a command or a transaction, which is then left out.
  package var allowsTruncated = false
  /// The point at which reading stops; `nil`: the end.
  package var stop: Stop?
  /// The most memory that one command, or the commands of one transaction, may take, in bytes.
  package var memoryLimit = 256 << 20
  /// The options for the snapshot at the beginning.
  package var reader = RDBReader.Options()

  package init() {}
}
