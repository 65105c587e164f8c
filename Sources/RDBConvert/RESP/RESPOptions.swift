public import RDB
import RDBFormat

/// Options for the commands that a ``RESPSink`` writes.
public struct RESPOptions: Hashable, Sendable {
  /// The treatment of keys that exist on the server.
  public enum Existing: String, Hashable, Sendable, CaseIterable {
    /// Assume that no key exists. Strings replace an existing key; elements of collections are added to it.
    case merge
    /// Remove an existing key first. Loading twice gives the same result as loading once.
    case replace
    /// Keep an existing key.
    ///
    /// Expected replies for an existing key: null for `SET … NX`, 0 for `SETNX`, the error `BUSYKEY` for `RESTORE`, and
    /// 0 for `RENAMENX` (the error `no such key` if the expiry of the key has passed). `UNLINK` replies 0 or 1.
    case keep
  }

  /// The use of RESTORE, which carries a value as stored in the snapshot.
  ///
  /// Values of modules and keys with metadata always use RESTORE, because no other command can carry them.
  public enum Restore: String, Hashable, Sendable, CaseIterable {
    /// Write the commands of each data type.
    case never
    /// Use RESTORE if the target can read the stored form and the payload is within ``RESPOptions/restoreLimit``.
    case auto
    /// Use RESTORE if the target can read the stored form and the payload is within ``RESPOptions/bulkLimit``.
    case always
  }

  /// The treatment of function libraries.
  public enum Functions: String, Hashable, Sendable, CaseIterable {
    /// Write `FUNCTION LOAD`. The server keeps a library that it has already, and replies with an error.
    case append
    /// Write `FUNCTION LOAD REPLACE`.
    case replace
    /// Write no functions. The ledger notes them.
    case skip
  }

  /// The treatment of the data of modules: values, and metadata of keys.
  public enum Modules: String, Hashable, Sendable, CaseIterable {
    /// Write RESTORE, which carries the data as it is: only the module knows what it means.
    case forward
    /// Write nothing of it. The ledger notes it.
    case skip
  }

  /// The treatment of cached Lua scripts.
  public enum Scripts: String, Hashable, Sendable, CaseIterable {
    /// Write `SCRIPT LOAD`.
    case load
    /// Write nothing. The ledger notes the scripts.
    case note
    /// Write nothing, and note nothing.
    case skip
  }

  /// The server that receives the commands. Newer releases understand them too.
  public var target: ServerVersion
  /// The number of the database on the server for each database in the snapshot. A database without an entry keeps its
  /// number.
  public var databaseMap: [UInt64: UInt64] = [:]
  /// Whether all keys go into database 0.
  ///
  /// Keys of two databases are then an error, unless ``existing`` is ``Existing/replace``.
  public var singleDatabase = false
  /// The number of databases of the server. A key for a higher database is an error.
  public var databaseCount: UInt64 = 16
  /// The treatment of keys that exist on the server.
  public var existing = Existing.merge
  /// The use of RESTORE.
  public var restore = Restore.never
  /// The longest payload for RESTORE under ``Restore/auto``, in bytes.
  public var restoreLimit: UInt64 = 64 << 20
  /// The longest argument that the server accepts, in bytes: its `proto-max-bulk-len`.
  ///
  /// The sink writes no longer argument, because the server would close the connection; the ledger lists the loss.
  public var bulkLimit: UInt64 = 512 << 20
  /// The largest number of elements in one command, at least 1.
  public var commandElementCount = 500
  /// The largest size of one command in bytes, unless a single element is longer; at most 16 MiB.
  public var commandByteCount = 1 << 20
  /// Whether RESTORE carries only values whose whole structure was validated.
  ///
  /// Another value is written as the commands of its data type, or its damage ends the reading. Without validation a
  /// damaged value gets a fresh, valid checksum: only for snapshots that the same person wrote.
  public var validatesRestored = true
  /// Whether a finding that is more than a note ends the conversion.
  package var refusesFindings = false
  /// Whether the server takes RESTORE; services and permissions can forbid it.
  package var takesRestore = true
  /// Whether a ``RESPMark`` precedes the first command of each key, function library and script.
  package var marksKeys = false
  /// Whether ``Existing/replace`` keeps an existing key until the new one is complete, with its expiry.
  ///
  /// A key of several commands is then built under a temporary name and renamed at the end, usually in a transaction. A
  /// reply to expect in a transaction is the error `no such key` as the third one, after that to UNLINK: all fields of a
  /// hash have expired.
  package var replacesWhole = false
  /// Whether ``Existing/keep`` renames a key of several commands in a transaction, so that no part of a key becomes visible
  /// if the server refused some of its commands. The reply to RENAMENX is then the second one of the transaction.
  package var keepsWhole = false
  /// Whether a key of several commands is one transaction of the key alone, without a temporary name, as a cluster needs it:
  /// while a slot moves, a command of two keys can find them at two nodes.
  ///
  /// With ``Existing/replace``, the transaction begins by removing the existing key. With ``Existing/keep``, it must be sent
  /// only if the key does not exist.
  package var isolatesKeys = false
  /// Whether the first loss ends the conversion: the next key throws ``FirstLosses``. A loss at the very end only is in
  /// the summary.
  package var stopsAtLoss = false
  /// The treatment of function libraries.
  public var functions = Functions.append
  /// The treatment of the data of modules.
  public var modules = Modules.forward
  /// The treatment of cached Lua scripts.
  public var scripts = Scripts.note

  /// Creates options for a server.
  public init(target: ServerVersion) { self.target = target }
}

/// The error of a sink that stops at a loss (`stopsAtLoss`).
package struct FirstLosses: Error {
  /// The ledger of the worker that found the losses.
  package var ledger: Ledger
}

/// The summary of a ``RESPSink``.
public struct RESPSummary: Equatable, MergeableSummary {
  /// The keys read and written, and the losses and notes.
  public var ledger = Ledger()
  /// The number of commands written, SELECT included.
  public var commandCount: UInt64 = 0

  package init() {}

  public mutating func merge(_ other: RESPSummary) {
    ledger.merge(other.ledger)
    commandCount += other.commandCount
  }
}
