import GRDB
import RDB
import RDBAnalysis

/// A database that a snapshot is written into, and that then answers queries.
package final class SnapshotDatabase {
  private let queue: DatabaseQueue
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
    var configuration = Configuration()
    // An incomplete file is never used: nothing needs a journal, and after an error the transaction stays open.
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { database in
      try database.execute(
        sql: """
          PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
          PRAGMA cache_size = -16384; PRAGMA temp_store = FILE; PRAGMA threads = \(threads - 1)
          """)
    }
    do {
      queue = try DatabaseQueue(path: path ?? "", configuration: configuration)
      try queue.inDatabase { database in
        for sql in [SnapshotTables.info, SnapshotTables.keys] + (holdsValues ? SnapshotTables.values : [])
          + ReportViews.all
        {
          try database.execute(sql: sql)
        }
      }
    } catch { throw SQLiteError(error) }
  }

  /// Writes rows in one transaction, then makes the indexes.
  ///
  /// - Parameters:
  ///   - facts: Rows of `info`.
  ///   - read: Reads a snapshot once, in one thread, into sinks that the tables make.
  /// - Throws: The errors of `read`; ``SQLiteError``.
  package func write<Result>(facts: [String: String], read: (Tables) throws -> Result) throws -> Result {
    try queue.inDatabase { database in
      do {
        try database.beginTransaction()
        let facts = facts.merging(["schema_version": "\(SnapshotTables.version)"]) { $1 }
        for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
          try database.execute(sql: "INSERT INTO info VALUES (?, ?)", arguments: [name, value])
        }
      } catch { throw SQLiteError(error) }
      let result = try read(Tables(database: database))
      do {
        for sql in SnapshotTables.keyIndexes + (holdsValues ? SnapshotTables.valueIndexes : []) {
          try database.execute(sql: sql)
        }
        try database.execute(sql: "PRAGMA optimize")
        try database.commit()
      } catch { throw SQLiteError(error) }
      return result
    }
  }

  /// The tables while they are written.
  package struct Tables {
    fileprivate let database: Database
    /// A receiver that writes a row for each key.
    package func keyRows() throws -> KeyRows { KeyRows(try RowInsertion(into: "keys", columns: 16, database)) }
    /// A sink that writes rows for the elements of each key.
    package func valueRows() throws -> ValueRows { ValueRows(try ElementTables(database)) }
  }

  /// Checks that a query can be run, before any row is written.
  ///
  /// - Throws: ``SQLiteError``.
  package func check(_ sql: String) throws { try queue.inDatabase { try QueryRows.run(sql, $0) { _ in } } }

  /// Runs a query, after ``write(facts:read:)``.
  ///
  /// - Throws: ``SQLiteError``; the errors of `receive`.
  package func query(_ sql: String, _ body: (borrowing QueryRows) throws -> Void) throws {
    try queue.inDatabase { try QueryRows.run(sql, $0, body) }
  }

  /// Closes the file, which is then complete.
  ///
  /// - Throws: ``SQLiteError``.
  package func close() throws { do { try queue.close() } catch { throw SQLiteError(error) } }
}
