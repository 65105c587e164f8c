import RDB
import RDBFormat

/// What a log of commands consists of, in the order in which a server loads it.
package enum ReplayItem {
  /// A file begins: each begins in database 0.
  case beginPart(Int)
  /// The snapshot at the beginning of the log, from its first byte on. It must be read, up to its checksum, before the next
  /// item is asked for; the source ends with the snapshot.
  case base(any ByteSource)
  /// A command, outside a transaction or of one that was executed.
  case command(ReplayCommand)
  /// An annotation with the time at which the commands that follow were written.
  case time(UnixMilliseconds)
}

/// A log of commands: one file, or the files of a folder.
package protocol ReplayLog: AnyObject {
  /// The next item; `nil` at the end.
  ///
  /// - Throws: ``RDBError`` with the offset in the file, whose name is ``RDBError/path`` where there are several.
  func next() throws -> ReplayItem?
}
