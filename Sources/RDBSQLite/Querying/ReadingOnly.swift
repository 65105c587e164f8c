import CSQLite

/// The authorizer of queries: SQLite asks it about each thing that a statement would do, while it compiles the statement.
enum ReadingOnly {
  /// Compiles a statement that may only read.
  static func authorize<Result>(_ connection: OpaquePointer, _ compile: () throws -> Result) rethrows -> Result {
    sqlite3_set_authorizer(
      connection,
      { _, action, first, _, _, _ in
        switch action {
        case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: SQLITE_OK
        case SQLITE_FUNCTION: SQLITE_OK
        case SQLITE_PRAGMA: first.map { describes(pragma: $0) } ?? false ? SQLITE_OK : SQLITE_DENY
        default: SQLITE_DENY
        }
      }, nil)
    defer { sqlite3_set_authorizer(connection, nil, nil) }
    return try compile()
  }
}

/// Whether a PRAGMA describes tables, as a table-valued function such as `pragma_table_info('keys')` asks.
private func describes(pragma name: UnsafePointer<CChar>) -> Bool {
  let name = String(cString: name).lowercased()
  return ["table_info", "table_xinfo", "table_list", "index_list", "index_info", "compile_options"].contains(name)
}
