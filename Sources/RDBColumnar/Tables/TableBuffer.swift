import RDBFormat

/// The rows of a table that are not written yet.
struct TableBuffer: Sendable {
  /// The size of a row group: it ends with the row that reaches one of the two.
  static let rowLimit = 131_072
  static let byteLimit = 16 << 20

  let schema: TableSchema
  var columns: [ColumnBuffer]
  private(set) var rowCount = 0
  private var byteCount = 0
  /// The number of rows of the current key that its columns do not have yet.
  private var keyRowCount = 0

  init(_ schema: TableSchema) {
    self.schema = schema
    columns = schema.makeBuffers()
  }

  /// Counts a row.
  ///
  /// - Parameter byteCount: The size of its bytes.
  /// - Returns: Whether the row group is complete.
  @inline(__always)
  mutating func endRow(_ byteCount: Int) -> Bool {
    rowCount &+= 1
    keyRowCount &+= 1
    // Each row has a few numbers, too.
    self.byteCount &+= byteCount &+ 32
    return rowCount >= Self.rowLimit || self.byteCount >= Self.byteLimit
  }

  /// Fills the columns of the current key, for its rows since the last call.
  mutating func endRows(offset: Int64, database: Int64, key: RawSpan) throws(RDBError) {
    if keyRowCount == 0 { return }
    columns[0].append(offset, count: keyRowCount)
    columns[1].append(database, count: keyRowCount)
    byteCount &+= try columns[2].append(key, count: keyRowCount)
    keyRowCount = 0
  }

  /// Takes the rows out.
  mutating func take() -> (columns: [ColumnBuffer], rowCount: Int) {
    let taken = (columns, rowCount)
    columns = schema.makeBuffers()
    (rowCount, byteCount, keyRowCount) = (0, 0, 0)
    return taken
  }
}
