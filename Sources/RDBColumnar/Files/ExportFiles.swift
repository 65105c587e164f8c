import RDB
import RDBFormat
import RDBSupport

/// The files of one snapshot, by table. Used by one thread at a time.
final class ExportFiles {
  let schemas = [TableSchema.keys] + TableSchema.elements
  private let options: ColumnarOptions
  private let folder: String
  private let partition: String
  private var files: [Int: ParquetFile] = [:]
  private var rowCounts: [Int: UInt64] = [:]

  init(_ options: ColumnarOptions, folder: String, partition: String) {
    (self.options, self.folder, self.partition) = (options, folder, partition)
  }

  /// Writes a row group of a table.
  func write(_ table: Int, _ chunks: [EncodedChunk], rowCount: Int) throws {
    try file(table).write(chunks, rowCount: rowCount)
    rowCounts[table, default: 0] += UInt64(rowCount)
  }

  private func path(_ table: Int) -> String {
    "\(schemas[table].folder)/\(partition)/part-\(options.partNumber).parquet"
  }

  /// The file of a table, which is created with its first row group.
  private func file(_ table: Int) throws -> ParquetFile {
    if let file = files[table] { return file }
    let path = path(table)
    var end = path.startIndex
    while let next = path[end...].firstIndex(of: "/") {
      let inner = "\(folder)/\(path[..<next])"
      if mkdir(inner, 0o777) != 0, errno != EEXIST { throw RDBError.system("create", offset: 0, path: inner) }
      end = path.index(after: next)
    }
    let file = try ParquetFile(
      path: "\(folder)/\(path)", columns: schemas[table].columns, compresses: options.compresses)
    files[table] = file
    return file
  }

  /// Writes the ends of all files, and closes them.
  func finish(_ metadata: [(key: String, value: String)]) throws -> [DumpExport.File] {
    _ = try file(0)
    var result: [DumpExport.File] = []
    for (table, schema) in schemas.enumerated() {
      guard let file = files[table] else { continue }
      let byteCount = try file.finish(
        name: schema.name, metadata: metadata + [("rdb.table", schema.name)], creator: options.creator)
      result.append(
        DumpExport.File(
          path: path(table), table: schema.name, rowCount: rowCounts[table] ?? 0, byteCount: byteCount))
    }
    return result
  }
}
