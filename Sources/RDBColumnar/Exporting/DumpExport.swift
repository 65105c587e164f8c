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
  private let files: ExportFiles
  private var queue: RowGroupQueue?
  /// The error that ended writing, if there was one. It takes precedence over damage in the input.
  package private(set) var failure: RDBError?

  /// - Parameters:
  ///   - folder: The path of the folder, which exists.
  ///   - name: The name of the snapshot, unique in the folder.
  package init(_ options: ColumnarOptions, in folder: String, name: String) {
    self.options = options
    files = ExportFiles(options, folder: folder, partition: "dump=\(PartitionName.escaped(name))")
  }

  deinit { abandon() }

  /// Makes the only sink, which reads on the calling thread.
  package func sink() -> ColumnarSink {
    let compresses = options.compresses
    let files = files
    queue = RowGroupQueue(threads: options.threads, files.schemas) {
      ChunkEncoder(compresses: compresses)
    } write: {
      try files.write($0, $1, rowCount: $2)
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

  /// Writes the ends of all files, and closes them. The sink must have ended.
  ///
  /// - Parameter metadata: What each file tells of the snapshot.
  /// - Returns: The files, in the order of the tables. There is always one of keys.
  package func finish(_ metadata: [(key: String, value: String)]) throws -> [File] {
    do {
      try queue?.finish()
      return try files.finish(metadata)
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
