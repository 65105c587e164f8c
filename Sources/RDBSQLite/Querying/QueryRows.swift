import CSQLite

/// The result of a query, row by row.
package struct QueryRows: ~Copyable {
  private let handle: OpaquePointer
  /// The names of the columns.
  package let columns: [String]

  /// A value of a cell.
  package enum Value: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    /// Text in UTF-8; a query can make text of any bytes.
    case text([UInt8])
    case blob([UInt8])
  }

  /// Compiles one statement that only reads, for the duration of `body`.
  ///
  /// SQLite's authorizer refuses everything else: writing, ATTACH, PRAGMAs that set something. The limit of
  /// attached databases is 0, which stops VACUUM INTO as well.
  ///
  /// - Throws: ``SQLiteError``; the errors of `body`.
  static func run(_ sql: String, _ connection: Connection, _ body: (borrowing QueryRows) throws -> Void) throws {
    sqlite3_limit(connection.handle, SQLITE_LIMIT_ATTACHED, 0)
    let handle = try compile(sql, connection.handle)
    let names = (0..<sqlite3_column_count(handle)).map { String(cString: sqlite3_column_name(handle, $0)) }
    try body(QueryRows(handle: handle, columns: names))
  }

  private init(handle: OpaquePointer, columns: [String]) { (self.handle, self.columns) = (handle, columns) }

  private static func compile(_ sql: String, _ connection: OpaquePointer) throws -> OpaquePointer {
    var compiled: OpaquePointer?
    var rest = ""
    let result = sql.withCString { text in
      var end: UnsafePointer<CChar>?
      let result = ReadingOnly.authorize(connection) { sqlite3_prepare_v2(connection, text, -1, &compiled, &end) }
      rest = end.map { String(cString: $0) } ?? ""
      return result
    }
    guard result == SQLITE_OK else { throw SQLiteError(result, of: connection) }
    guard let compiled else { throw SQLiteError(.query, "the query is empty") }
    guard isEmpty(rest, connection) else {
      sqlite3_finalize(compiled)
      throw SQLiteError(.query, "only one statement can be run, and another one follows it")
    }
    guard sqlite3_stmt_readonly(compiled) != 0, sqlite3_column_count(compiled) > 0 else {
      sqlite3_finalize(compiled)
      throw SQLiteError(.query, "the statement has no result: only SELECT, VALUES and EXPLAIN can be run")
    }
    return compiled
  }

  /// Whether SQL has no statement, only white space, semicolons and comments.
  private static func isEmpty(_ sql: String, _ connection: OpaquePointer) -> Bool {
    sql.withCString { text in
      var text = text
      while text.pointee != 0 {
        var (statement, end): (OpaquePointer?, UnsafePointer<CChar>?) = (nil, nil)
        let result = ReadingOnly.authorize(connection) { sqlite3_prepare_v2(connection, text, -1, &statement, &end) }
        sqlite3_finalize(statement)
        guard result == SQLITE_OK, statement == nil, let end, end > text else { return false }
        text = end
      }
      return true
    }
  }

  deinit { sqlite3_finalize(handle) }

  /// Calls `receive` with the values of each row.
  ///
  /// - Throws: ``SQLiteError``; the errors of `receive`.
  package borrowing func forEach(_ receive: ([Value]) throws -> Void) throws {
    defer { sqlite3_reset(handle) }
    while true {
      let result = sqlite3_step(handle)
      if result == SQLITE_DONE { return }
      guard result == SQLITE_ROW else { throw SQLiteError(result, of: sqlite3_db_handle(handle)) }
      var row: [Value] = []
      row.reserveCapacity(columns.count)
      for column in 0..<Int32(columns.count) { row.append(Self.value(handle, column)) }
      try receive(row)
    }
  }

  private static func value(_ handle: OpaquePointer, _ column: Int32) -> Value {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, column))
    case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
    case SQLITE_TEXT:
      .text(bytes(UnsafeRawPointer(sqlite3_column_text(handle, column)), sqlite3_column_bytes(handle, column)))
    case SQLITE_BLOB: .blob(bytes(sqlite3_column_blob(handle, column), sqlite3_column_bytes(handle, column)))
    default: .null
    }
  }

  private static func bytes(_ start: UnsafeRawPointer?, _ count: Int32) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(count)))
  }
}
