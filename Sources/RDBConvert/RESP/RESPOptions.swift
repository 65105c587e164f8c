public import RDB
import RDBFormat

/// What commands a ``RESPSink`` writes.
public struct RESPOptions: Hashable, Sendable {
  /// What happens to a key that the server has already.
  public enum Existing: String, Hashable, Sendable, CaseIterable {
    /// It is taken to be absent; elements of collections are added to what is there.
    case merge
    /// It is removed first: loading twice is harmless.
    case replace
    /// It stays as it is.
    ///
    /// Expected replies: `SET … NX` and `SETNX` say null (0) where the key exists; `RESTORE` says
    /// `BUSYKEY`; `RENAMENX` says 0, and `no such key` where the key's time has passed meanwhile;
    /// `UNLINK` says 0 or 1.
    case keep
  }

  /// Whether values go by RESTORE, as they stand in the file.
  ///
  /// Modules' values always do, and keys with metadata, since no command carries them.
  public enum Restore: String, Hashable, Sendable, CaseIterable {
    case never
    /// Where the target can read the type, and the payload is not above ``RESPOptions/restoreLimit``.
    case auto
    /// Where the target can read the type, and the payload is not above ``RESPOptions/bulkLimit``.
    case always
  }

  /// What happens to function libraries.
  public enum Functions: String, Hashable, Sendable, CaseIterable {
    /// `FUNCTION LOAD`: a library that the server has already stays, and the reply is an error.
    case append
    /// `FUNCTION LOAD REPLACE`.
    case replace
    case skip
  }

  /// The oldest server that must understand the commands.
  public var target: ServerVersion
  /// Database in the snapshot → database on the server; others keep their number.
  public var databaseMap: [UInt64: UInt64] = [:]
  /// All keys go into database 0. Keys of two databases are refused then, unless they replace.
  public var singleDatabase = false
  /// How many databases the server has.
  public var databaseCount: UInt64 = 16
  public var existing = Existing.merge
  public var restore = Restore.never
  /// The longest payload for RESTORE, bytes.
  public var restoreLimit: UInt64 = 64 << 20
  /// The server's `proto-max-bulk-len`, bytes: a longer argument closes the connection, so what needs one
  /// is lost.
  public var bulkLimit: UInt64 = 512 << 20
  /// Elements of one command, at least 1.
  public var batchElementCount = 500
  /// Bytes of one command, unless a single element is longer. At most 16 MiB count.
  public var batchByteCount = 1 << 20
  public var functions = Functions.append

  /// Creates options for a server.
  public init(target: ServerVersion) { self.target = target }
}

/// What a ``RESPSink`` did.
public struct RESPSummary: Equatable, MergeableSummary {
  public var ledger = Ledger()
  /// Commands written, SELECT included.
  public var commandCount: UInt64 = 0

  public init() {}

  /// Adds what another worker did.
  public mutating func merge(_ other: RESPSummary) {
    ledger.merge(other.ledger)
    commandCount += other.commandCount
  }

}
