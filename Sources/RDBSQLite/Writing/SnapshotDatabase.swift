import RDB
import RDBAnalysis

/// A database that a snapshot is written into, and that then answers queries.
package final class SnapshotDatabase {
  private let connection: Connection
  private let holdsValues: Bool

  /// Creates the tables and views.
  ///
  /// - Parameters:
  ///   - path: An empty file; `nil`: a temporary one that SQLite removes at once, so that nothing is left whatever happens.
  ///   - holdsValues: Whether the elements of values get tables.
  ///   - threads: The number of threads that sort the rows of an index.
  /// - Throws: ``SQLiteError``.
  package init(path: String?, holdsValues: Bool, threads: Int) throws {
    self.holdsValues = holdsValues
    connection = try Connection(path: path ?? "", .writing)
    // An incomplete file is never used: nothing needs a journal, and after an error the transaction stays open.
    try connection.execute(
      """
      PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA cache_size = -16384; PRAGMA temp_store = FILE; PRAGMA threads = \(threads - 1)
      """)
    let values = holdsValues ? SnapshotTables.values : []
    for sql in [SnapshotTables.info, SnapshotTables.keys] + values + ReportViews.all { try connection.execute(sql) }
  }

  /// Writes rows in one transaction, then makes the indexes.
  ///
  /// - Parameters:
  ///   - facts: Rows of `info`.
  ///   - read: Reads a snapshot once, in one thread, into sinks that the tables make.
  /// - Throws: The errors of `read`; ``SQLiteError``.
  package func write<Result>(facts: [String: String], read: (Tables) throws -> Result) throws -> Result {
    try connection.execute("BEGIN")
    let facts = facts.merging(["schema_version": "\(SnapshotTables.version)"]) { $1 }
    let rows = try RowInsertion(into: "info", columns: 2, connection)
    for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
      rows.text(name)
      rows.text(value)
      try rows.write()
    }
    let result = try read(Tables(connection: connection))
    let indexes = SnapshotTables.keyIndexes + (holdsValues ? SnapshotTables.valueIndexes : [])
    for sql in indexes { try connection.execute(sql) }
    try connection.execute("PRAGMA optimize; COMMIT")
    return result
  }

  /// The tables while they are written.
  package struct Tables {
    fileprivate let connection: Connection
    /// A receiver that writes a row for each key.
    package func keyRows() throws -> KeyRows { KeyRows(try RowInsertion(into: "keys", columns: 16, connection)) }
    /// A sink that writes rows for the elements of each key.
    package func valueRows() throws -> ValueRows { ValueRows(try ElementTables(connection)) }
  }

  /// Checks that a query can be run, before any row is written.
  ///
  /// - Throws: ``SQLiteError``.
  package func check(_ sql: String) throws { try QueryRows.run(sql, connection) { _ in } }

  /// Runs a query, after ``write(facts:read:)``.
  ///
  /// - Throws: ``SQLiteError``; the errors of `receive`.
  package func query(_ sql: String, _ body: (borrowing QueryRows) throws -> Void) throws {
    try QueryRows.run(sql, connection, body)
  }

  /// Closes the file, which is then complete.
  ///
  /// - Throws: ``SQLiteError``.
  package func close() throws { try connection.close() }
}
