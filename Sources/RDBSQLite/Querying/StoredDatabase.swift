/// A file that ``SnapshotDatabase`` wrote before, opened for reading only.
package final class StoredDatabase {
  private let connection: Connection

  /// The first bytes of every file of SQLite.
  package static let magic = Array("SQLite format 3\0".utf8)

  /// - Throws: ``SQLiteError``, also if the file has other tables.
  package init(path: String) throws {
    connection = try Connection(path: path, .readingOnly)
    guard let version = try Self.version(connection) else {
      throw SQLiteError(.file, "is a database of SQLite, but not one of rdb sql")
    }
    guard version <= SnapshotTables.version else {
      throw SQLiteError(.file, "has tables of version \(version), written by a newer rdb")
    }
  }

  /// The version that the table `info` states; `nil` if there is no such table, or no number in it.
  private static func version(_ connection: Connection) throws -> Int? {
    var version: Int?
    do {
      try QueryRows.run("SELECT value FROM info WHERE name = 'schema_version'", connection) { rows in
        try rows.forEach { row in
          if case .text(let digits)? = row.first { version = Int(String(decoding: digits, as: UTF8.self)) }
        }
      }
    } catch let error as SQLiteError where error.kind == .query { return nil }
    return version
  }

  /// Runs a query.
  ///
  /// - Throws: ``SQLiteError``; the errors of `receive`.
  package func query(_ sql: String, _ body: (borrowing QueryRows) throws -> Void) throws {
    try QueryRows.run(sql, connection, body)
  }
}
