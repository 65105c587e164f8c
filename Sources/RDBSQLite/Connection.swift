import CSQLite

/// An open database of SQLite, which one thread at a time uses.
///
/// SQL cannot load an extension: SQLite allows it only to connections that ask for it, and none here does.
final class Connection {
  enum Access {
    /// Opens a file, or creates it.
    case writing
    case readingOnly

    fileprivate var flags: Int32 {
      switch self {
      case .writing: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
      case .readingOnly: SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
      }
    }
  }

  private var opened: OpaquePointer?

  /// The handle that functions of SQLite take.
  var handle: OpaquePointer {
    guard let opened else { preconditionFailure("the database is closed") }
    return opened
  }

  /// - Parameter path: A file; empty: a temporary one that SQLite removes at once.
  /// - Throws: ``SQLiteError``.
  init(path: String, _ access: Access) throws {
    let result = sqlite3_open_v2(path, &opened, access.flags, nil)
    // `deinit` closes what a failed call opened. Only without memory is there nothing to close.
    guard result == SQLITE_OK else {
      throw opened == nil ? SQLiteError(.io, "SQLite has no memory") : SQLiteError(result, of: opened)
    }
  }

  // A statement that still exists keeps what it needs until it is finalized.
  deinit { sqlite3_close_v2(opened) }

  /// Runs statements without a result, separated by semicolons.
  ///
  /// - Throws: ``SQLiteError``.
  func execute(_ sql: String) throws {
    let result = sqlite3_exec(handle, sql, nil, nil, nil)
    guard result == SQLITE_OK else { throw SQLiteError(result, of: handle) }
  }

  /// Closes the file. There must be no statement any more.
  ///
  /// - Throws: ``SQLiteError``.
  func close() throws {
    let result = sqlite3_close(handle)
    guard result == SQLITE_OK else { throw SQLiteError(result, of: handle) }
    opened = nil
  }
}
