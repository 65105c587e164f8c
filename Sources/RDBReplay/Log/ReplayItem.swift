import RDB
import RDBFormat
import RESP

/// An element of a log of commands. Items come in the order in which a server loads them.
package enum ReplayItem {
  /// A file begins, by its number in the order of loading. Each begins in database 0.
  case beginPart(Int)
  /// The snapshot at the beginning of a file, from its first byte on. The source ends with the snapshot. Asking for the
  /// next item skips what was not read of it.
  case base(any ByteSource)
  /// A command, outside a transaction or of one that was executed.
  case command(ReplayCommand)
  /// A command of the framing that a server answers with an error, for example EXEC without MULTI.
  case failure(ReplayCommand, CommandError)
  /// An annotation with the time at which the commands that follow were written.
  case time(UnixMilliseconds)
  /// The commands that follow are a transaction. The command is MULTI.
  case beginTransaction(ReplayCommand)
  /// A transaction ends. The command is EXEC.
  case endTransaction(ReplayCommand)
}

/// A log of commands: one file, or the files of a folder.
package protocol ReplayLog: AnyObject {
  /// The next item; `nil` at the end.
  ///
  /// - Throws: ``RDBError`` with the offset in the file, whose name is ``RDBError/path`` where there are several.
  func next() throws -> ReplayItem?

  /// The notes about the log so far.
  var ledger: Ledger { get }

  /// The trailer with which a command file of one part is sealed; `nil`: it has none, or it is not read to its end.
  ///
  /// - Throws: ``RDBError`` if the file cannot be opened.
  func trailer() throws -> RESPTrailer?

  /// Lets the arguments after the first one of some commands be empty, to save time.
  ///
  /// - Parameter commands: Whether this holds for commands with a name.
  func leaveOutValues(of commands: @escaping (_ name: [UInt8]) -> Bool)
}

extension ReplayLog {
  package func leaveOutValues(of commands: @escaping (_ name: [UInt8]) -> Bool) {}
  package func trailer() -> RESPTrailer? { nil }
}

/// A note about a log that is not an error, such as a skipped annotation.
package struct LogNote: Hashable, Sendable, CustomStringConvertible {
  package enum Kind: String, Hashable, Sendable {
    /// The log ends inside a command. The option `allowsTruncated` accepts it.
    case cutCommand
    /// The log ends inside a transaction, which has no effect. The option `allowsTruncated` accepts it.
    case cutTransaction
    /// The log ends inside a line that begins with `#`.
    case cutAnnotation
    /// A transaction was given up with DISCARD.
    case discardedTransaction
    /// MULTI inside a transaction, which has no effect.
    case nestedTransaction
    /// An annotation whose time is before that of an earlier one. It is skipped.
    case earlierTime
    /// An annotation `#TS:` without a time. It is skipped.
    case badTime
    /// The log was read up to the chosen point.
    case stopped
  }

  package let kind: Kind
  /// The file, by its number in the order of loading, and the offset in it. For a cut, this is the offset after the
  /// last whole command and transaction.
  package let part: Int
  package let offset: UInt64
  /// For a cut: the number of bytes that are left out.
  package let byteCount: UInt64

  package var description: String {
    switch kind {
    case .cutCommand: "the file ends inside a command"
    case .cutTransaction: "the file ends inside a transaction, which has no effect"
    case .cutAnnotation: "the file ends inside an annotation"
    case .discardedTransaction: "a transaction ends with DISCARD and has no effect"
    case .nestedTransaction: "MULTI inside a transaction has no effect"
    case .earlierTime: "a time before that of an earlier annotation is skipped"
    case .badTime: "an annotation without a time is skipped"
    case .stopped: "reading stops here"
    }
  }
}
