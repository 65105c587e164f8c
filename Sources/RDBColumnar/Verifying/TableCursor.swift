import RDB
import RDBFormat

/// The rows of a table, one after another. One row group is in memory at a time.
package final class TableCursor {
  private let table: ParquetTable
  private var columns: [DecodedColumn] = []
  private var group = -1
  private var row = 0

  /// Moves to the first row.
  package init(_ table: ParquetTable) throws(RDBError) {
    self.table = table
    try readGroup()
  }

  private func readGroup() throws(RDBError) {
    group += 1
    row = 0
    columns = []
    if group < table.groups.count { columns = try table.columns(of: table.groups[group]) }
  }

  /// Whether all rows were read.
  package var isAtEnd: Bool { columns.isEmpty }

  package func advance() throws(RDBError) {
    row += 1
    if row == table.groups[group].rowCount { try readGroup() }
  }

  /// The value of a column of numbers.
  package func number(_ column: Int) -> Int64? { columns[column].number(row) }

  package func double(_ column: Int) -> Double? { number(column).map { Double(bitPattern: UInt64(bitPattern: $0)) } }

  /// The value of a column of bytes.
  package func bytes(_ column: Int) -> [UInt8]? { columns[column].value(row) }

  package func text(_ column: Int) -> String? { bytes(column).map { String(decoding: $0, as: UTF8.self) } }

  /// The ID in a column of text.
  package func entryID(_ column: Int) throws(RDBError) -> StreamID? {
    guard let text = text(column) else { return nil }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = UInt64(parts[0]), let second = UInt64(parts[1]) else {
      throw .corruptParquet(row, "the ID of a stream entry", "other text")
    }
    return StreamID(first, second)
  }

  /// The value of a column that must have one.
  package func required<Value>(_ value: Value?) throws(RDBError) -> Value {
    guard let value else { throw .corruptParquet(row, "a value in the table \(table.schema.name)", "none") }
    return value
  }

  /// The offset of the current row's key; `nil` at the end.
  package var keyOffset: Int64? { isAtEnd ? nil : number(0) }
}
