import RDB
import RDBFormat
import RDBSupport

/// The Parquet files of one snapshot in a folder that may have those of others, too.
///
///     keys/dump=NAME/part-0.parquet
///     elements/type=TYPE/dump=NAME/part-0.parquet
package final class DumpExport {
  /// A file of the result.
  package struct File: Hashable, Sendable {
    /// The path of the file below the folder.
    package var path: String
    package var table: String
    package var rowCount: UInt64
    package var byteCount: UInt64
  }

  let options: ColumnarOptions
  private let folder: String
  private let partition: String
  private let schemas: [TableSchema]
  private var files: [Int: ParquetFile] = [:]
  private var rowCounts: [Int: UInt64] = [:]
  private var queue: RowGroupQueue?
  /// The error that ended writing, if there was one. It takes precedence over damage in the input.
  package private(set) var failure: RDBError?

  /// - Parameters:
  ///   - folder: The path of the folder, which exists.
  ///   - name: The name of the snapshot, unique in the folder.
  package init(_ options: ColumnarOptions, in folder: String, name: String) {
    (self.options, self.folder) = (options, folder)
    partition = "dump=\(PartitionName.escaped(name))"
    schemas = [TableSchema.keys] + TableSchema.elements
  }

  /// Makes the only sink, which reads on the calling thread.
  package func sink() -> ColumnarSink {
    let compresses = options.compresses
    queue = RowGroupQueue(threads: options.threads, schemas) {
      ChunkEncoder(compresses: compresses)
    } write: { [unowned self] in
      try self.file($0).write($1, rowCount: $2)
      self.rowCounts[$0, default: 0] += UInt64($2)
    }
    return ColumnarSink(self)
  }

  func write(_ table: Int, _ buffer: inout TableBuffer) throws(RDBError) {
    let (columns, rowCount) = buffer.take()
    if rowCount == 0 { return }
    do throws(RDBError) {
      try queue?.add(RowGroupQueue.Job(table: table, columns: columns, rowCount: rowCount))
    } catch {
      failure = error
      throw error
    }
  }

  private func path(_ table: Int) -> String { "\(schemas[table].folder)/\(partition)/part-0.parquet" }

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

  /// Writes the ends of all files, and closes them. The sink must have ended.
  ///
  /// - Parameter metadata: What each file tells of the snapshot.
  /// - Returns: The files, in the order of the tables. There is always one of keys.
  package func finish(_ metadata: [(key: String, value: String)]) throws -> [File] {
    do {
      try queue?.finish()
      _ = try file(0)
      var result: [File] = []
      for table in schemas.indices {
        guard let file = files[table] else { continue }
        let byteCount = try file.finish(
          name: schemas[table].name, metadata: metadata + [("rdb.table", schemas[table].name)],
          creator: options.creator)
        result.append(
          File(
            path: path(table), table: schemas[table].name, rowCount: rowCounts[table] ?? 0, byteCount: byteCount))
      }
      return result
    } catch {
      let error = RDBError.transfer("write", error, at: 0)
      failure = error
      throw error
    }
  }

  /// Ends the threads without completing the files.
  package func abandon() { queue?.abandon() }
}

/// The name of a snapshot as the value of a partition, in the name of a folder.
package enum PartitionName {
  /// Escapes bytes that Hive escapes, controls and bytes that are not ASCII as `%` and two hexadecimal digits.
  ///
  /// Engines that read partitions undo it.
  package static func escaped(_ name: String) -> String {
    let special = Set("\"#%'*/:=?\\{[]^|&;<>`~ ".utf8)
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in name.utf8 {
      if byte < 0x21 || byte > 0x7E || special.contains(byte) {
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        result.append(byte)
      }
    }
    let text = String(decoding: result, as: UTF8.self)
    return text.isEmpty ? "%20" : text
  }
}
