import CSQLite

/// An error of SQLite, or about a query.
package struct SQLiteError: Error, Hashable {
  /// What kind of error it is.
  package enum Kind: Hashable, Sendable {
    /// The query cannot be run: its text is wrong, or it would change something.
    case query
    /// The file is no database of `rdb sql`, or is damaged.
    case file
    /// The file cannot be read or written: a full disk, for example.
    case io
  }
  package var kind: Kind
  /// What happened, in SQLite's or our words. It may quote the query.
  package var message: String

  package init(_ kind: Kind, _ message: String) { (self.kind, self.message) = (kind, message) }

  /// The error of a call that returned `result`.
  init(_ result: Int32, of connection: OpaquePointer?) {
    self.init(Self.kind(result), String(cString: sqlite3_errmsg(connection)))
  }

  private static func kind(_ result: Int32) -> Kind {
    switch result & 0xFF {
    case SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOMEM, SQLITE_READONLY: .io
    case SQLITE_CORRUPT, SQLITE_NOTADB: .file
    default: .query
    }
  }
}
