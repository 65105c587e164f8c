import GRDB

/// A file that ``SnapshotDatabase`` wrote before, opened for reading only.
package final class StoredDatabase {
  private let queue: DatabaseQueue

  /// The first bytes of every file of SQLite.
  package static let magic = Array("SQLite format 3\0".utf8)

  /// - Throws: ``SQLiteError``, also if the file has other tables.
  package init(path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      let version = try queue.inDatabase { database in
        try database.tableExists("info")
          ? try String.fetchOne(database, sql: "SELECT value FROM info WHERE name = 'schema_version'") : nil
      }
      guard let version, let number = Int(version) else {
        throw SQLiteError(.file, "is a database of SQLite, but not one of rdb sql")
      }
      guard number <= SnapshotTables.version else {
        throw SQLiteError(.file, "has tables of version \(number), written by a newer rdb")
      }
    } catch { throw SQLiteError(error) }
  }

  /// Runs a query.
  ///
  /// - Throws: ``SQLiteError``; the errors of `receive`.
  package func query(_ sql: String, _ body: (borrowing QueryRows) throws -> Void) throws {
    try queue.inDatabase { try QueryRows.run(sql, $0, body) }
  }
}
