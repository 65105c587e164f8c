import RDB
import RDBFormat
import RDBSupport

/// A Parquet file of an export, being read.
///
/// Only what ``ParquetFile`` writes is accepted: the columns of the published schema, row groups of bounded size, and pages
/// whose lengths the bytes of the file can back.
package final class ParquetTable {
  /// A column of a row group: the range of its pages in the file.
  package struct Chunk {
    package var offset: Int64
    package var byteCount: Int
    package var isCompressed: Bool
  }

  package struct Group {
    package var rowCount: Int
    package var chunks: [Chunk]
  }

  package let schema: TableSchema
  private(set) var metadata: [String: String] = [:]
  private(set) var groups: [Group] = []
  private(set) var rowCount: Int64 = 0
  private let file: PositionedFile

  /// The largest footer, in bytes.
  private static let footerLimit = 1 << 30

  package init(path: String, _ schema: TableSchema) throws(RDBError) {
    self.schema = schema
    file = try PositionedFile(path: path)
    try readFooter()
  }

  private func readFooter() throws(RDBError) {
    let size = file.byteCount
    guard size >= 12, try file.read(at: 0, 4) == Parquet.magic, try file.read(at: size - 4, 4) == Parquet.magic else {
      throw .corruptParquet(0, "a Parquet file, which begins and ends with PAR1", "another file, or one that is cut")
    }
    let length = Int64(try file.read(at: size - 8, 4).length(at: 0))
    guard length <= size - 12, length <= Self.footerLimit else {
      throw .corruptParquet(Int(size) - 8, "a footer of at most \(size - 12) bytes", "\(length)")
    }
    let start = size - 8 - length
    let bytes = try file.read(at: start, Int(length))
    var reader = ThriftReader(bytes.span.bytes)
    var groups: [Group] = []
    let schema = schema
    let footer = try reader.structure(streamed: 4) { group throws(RDBError) in
      groups.append(try Self.group(group, schema, before: start))
    }
    guard let elements = footer.structures(2), Self.isSchema(elements, of: schema) else {
      throw .corruptParquet(
        Int(start), "the columns of the table \(schema.name) of version \(TableSchema.version)", "others")
    }
    for pair in footer.structures(5) ?? [] {
      if let key = pair.text(1), let value = pair.text(2) { metadata[key] = value }
    }
    rowCount = groups.reduce(0) { $0 + Int64($1.rowCount) }
    guard footer.integer(3) == rowCount else {
      throw .corruptParquet(Int(start), "as many rows as the row groups have", "\(footer.integer(3) ?? -1)")
    }
    self.groups = groups
  }

  /// Whether the elements describe the columns.
  private static func isSchema(_ elements: [ThriftStruct], of schema: TableSchema) -> Bool {
    guard elements.count == schema.columns.count + 1, elements[0].integer(5) == Int64(schema.columns.count) else {
      return false
    }
    return zip(elements.dropFirst(), schema.columns).allSatisfy { element, column in
      element.text(4) == column.name && element.integer(1) == Int64(column.physicalType)
        && element.integer(3) == (column.isOptional ? 1 : 0)
    }
  }

  private static func group(_ group: ThriftStruct, _ schema: TableSchema, before end: Int64) throws(RDBError) -> Group {
    guard let rowCount = group.integer(3), (1...Int64(TableBuffer.rowLimit)).contains(rowCount),
      let columns = group.structures(1), columns.count == schema.columns.count
    else {
      throw .corruptParquet(Int(end), "a row group of 1 to \(TableBuffer.rowLimit) rows", "another one")
    }
    var chunks: [Chunk] = []
    for column in columns {
      guard let data = column.structure(3), data.integer(5) == rowCount, let codec = data.integer(4),
        codec == Parquet.Codec.none || codec == Parquet.Codec.zstd, let byteCount = data.integer(7),
        let first = data.integer(11) ?? data.integer(9), first >= 4, byteCount >= 0, byteCount <= end,
        first <= end - byteCount
      else {
        throw .corruptParquet(Int(end), "a column whose pages precede the footer", "another one")
      }
      chunks.append(Chunk(offset: first, byteCount: Int(byteCount), isCompressed: codec == Parquet.Codec.zstd))
    }
    return Group(rowCount: Int(rowCount), chunks: chunks)
  }

  /// Reads all columns of a row group.
  func columns(of group: Group) throws(RDBError) -> [DecodedColumn] {
    var result: [DecodedColumn] = []
    for (column, chunk) in zip(schema.columns, group.chunks) {
      let bytes = try file.read(at: chunk.offset, chunk.byteCount)
      var decoder = ChunkDecoder(column, chunk, rowCount: group.rowCount)
      result.append(try decoder.decode(bytes.span.bytes))
    }
    for (index, column) in schema.columns.enumerated() {
      guard let source = column.source else { continue }
      guard result[index].isDerived(from: result[source]) else {
        throw .corruptParquet(
          Int(group.chunks[index].offset), "the values of \(schema.columns[source].name) in \(column.name)", "others")
      }
    }
    return result
  }
}

/// A file that is read at any offset.
final class PositionedFile {
  let byteCount: Int64
  private let descriptor: Int32
  private let path: String

  init(path: String) throws(RDBError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw RDBError.system("open", offset: 0, path: path) }
    self.descriptor = descriptor
    self.path = path
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else {
      let error = RDBError.system("read", offset: 0, path: path)
      close(descriptor)
      throw error
    }
    byteCount = Int64(end)
  }

  deinit { close(descriptor) }

  /// Reads bytes that the file has, according to its size.
  func read(at offset: Int64, _ count: Int) throws(RDBError) -> [UInt8] {
    var done = 0
    var isCut = false
    let descriptor = descriptor
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while done < count {
        let more = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset) + off_t(done))
        if more < 0, errno == EINTR { continue }
        if more <= 0 {
          isCut = more == 0
          break
        }
        done += more
      }
      initialized = done
    }
    if done == count { return bytes }
    if isCut { throw .corruptParquet(Int(offset), "\(count) bytes", "\(done)") }
    throw RDBError.system("read", offset: Int(offset), path: path)
  }
}
