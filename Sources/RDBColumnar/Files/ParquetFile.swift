import RDB
import RDBFormat

/// A Parquet file being written.
///
///     PAR1   row groups, each the pages of one column after those of another   footer   its length in four bytes   PAR1
///
/// The footer has a description per row group. They are kept until the end: in memory, and from 1 MiB on in a temporary
/// file.
final class ParquetFile {
  private let destination: FileDestination
  private let columns: [ColumnSchema]
  private let compresses: Bool
  private var position: Int64 = 0
  private var rowCount: Int64 = 0
  private var groupCount = 0
  private var groups: [UInt8] = []
  private var spool: SpoolFile?

  /// The size of descriptions that are kept in memory, in bytes.
  private static let groupByteLimit = 1 << 20

  init(path: String, columns: [ColumnSchema], compresses: Bool) throws {
    destination = try FileDestination(path: path)
    (self.columns, self.compresses) = (columns, compresses)
    try write(Parquet.magic)
  }

  private func write(_ bytes: [UInt8]) throws {
    try destination.write(bytes)
    position += Int64(bytes.count)
  }

  /// Writes a row group.
  func write(_ chunks: [EncodedChunk], rowCount: Int) throws {
    var writer = ThriftWriter()
    let start = position
    var (plain, stored): (Int64, Int64) = (0, 0)
    var positions: [Int64] = []
    for chunk in chunks {
      positions.append(position)
      try write(chunk.bytes)
      plain += Int64(chunk.plainByteCount)
      stored += Int64(chunk.bytes.count)
    }
    writer.structure { group in
      group.list(1, of: .structure, count: chunks.count)
      for (index, chunk) in chunks.enumerated() { describe(chunk, columns[index], at: positions[index], in: &group) }
      group.i64(2, plain)
      group.i64(3, Int64(rowCount))
      group.i64(5, start)
      group.i64(6, stored)
    }
    groups += writer.bytes
    groupCount += 1
    self.rowCount += Int64(rowCount)
    guard groups.count > Self.groupByteLimit else { return }
    let spool = try spool ?? SpoolFile()
    self.spool = spool
    let written = exchange(&groups, with: [])
    try spool.append(written.span.bytes)
  }

  /// Writes a ColumnChunk.
  private func describe(
    _ chunk: EncodedChunk, _ column: ColumnSchema, at position: Int64, in group: inout ThriftWriter
  ) {
    let hasDictionary = chunk.dictionaryByteCount > 0
    group.structure {
      $0.i64(2, position)
      $0.structure(3) { data in
        data.i32(1, column.physicalType)
        let encodings =
          [Parquet.Encoding.plain, Parquet.Encoding.hybrid] + (hasDictionary ? [Parquet.Encoding.dictionary] : [])
        data.list(2, of: .i32, count: encodings.count)
        for encoding in encodings { data.appendZigzag(Int64(encoding)) }
        data.list(3, of: .binary, count: 1)
        data.appendBinary(Array(column.name.utf8))
        data.i32(4, compresses ? Parquet.Codec.zstd : Parquet.Codec.none)
        data.i64(5, Int64(chunk.rowCount))
        data.i64(6, Int64(chunk.plainByteCount))
        data.i64(7, Int64(chunk.bytes.count))
        data.i64(9, position + Int64(chunk.dictionaryByteCount))
        if hasDictionary { data.i64(11, position) }
        data.structure(12) { statistics in
          statistics.i64(3, Int64(chunk.missingCount))
          if let largest = chunk.largest { statistics.binary(5, largest.bytes) }
          if let smallest = chunk.smallest { statistics.binary(6, smallest.bytes) }
          if let largest = chunk.largest { statistics.bool(7, largest.isExact) }
          if let smallest = chunk.smallest { statistics.bool(8, smallest.isExact) }
        }
      }
    }
  }

  /// Writes the footer, and closes the file.
  func finish(name: String, metadata: [(key: String, value: String)], creator: String) throws -> UInt64 {
    var writer = ThriftWriter()
    var tail = ThriftWriter()
    // The list of row groups lies between the two parts.
    writer.structure { footer in
      footer.i32(1, 2)
      ParquetSchema.write(columns, named: name, in: &footer)
      footer.i64(3, rowCount)
      footer.list(4, of: .structure, count: groupCount)
    }
    tail.structure { footer in
      // A field of two bytes stands for the row groups, so that the next one counts from theirs.
      footer.i32(4, 0)
      footer.list(5, of: .structure, count: metadata.count)
      for (key, value) in metadata {
        footer.structure {
          $0.binary(1, key)
          $0.binary(2, value)
        }
      }
      footer.binary(6, creator)
      footer.list(7, of: .structure, count: columns.count)
      for _ in columns { footer.structure { $0.structure(1) { _ in } } }
    }
    // The first part without the end of its struct; the second one without its first field.
    let head = Array(writer.bytes.dropLast())
    let rest = Array(tail.bytes.dropFirst(2))
    let start = position
    try write(head)
    if let spool {
      try spool.forEachPiece { try destination.write($0) }
      position += Int64(spool.byteCount)
    }
    try write(groups)
    try write(rest)
    let length = position - start
    guard length <= Int64(UInt32.max) else {
      throw RDBError(.notRepresentable, at: 0, expected: "a footer below 4 GiB", found: "\(length) bytes")
    }
    var end: [UInt8] = []
    end.append(littleEndian: UInt32(length))
    try write(end + Parquet.magic)
    try destination.close()
    return UInt64(position)
  }
}
