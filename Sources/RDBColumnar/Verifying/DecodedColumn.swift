import RDB
import RDBCompression
import RDBFormat
import RDBSupport

/// A column of one row group, read from a file.
struct DecodedColumn {
  /// Per row, the index of its value; −1: it is missing.
  var indexes: [Int32] = []
  /// The values, of a column of numbers.
  var numbers: [Int64] = []
  /// The values, of a column of bytes, each after its length in four bytes.
  var bytes: [UInt8] = []
  /// Where each value begins in `bytes`.
  var starts: [Int] = []

  func number(_ row: Int) -> Int64? { indexes[row] < 0 ? nil : numbers[Int(indexes[row])] }

  func value(_ row: Int) -> [UInt8]? { indexes[row] < 0 ? nil : Array(bytes[range(Int(indexes[row]))]) }

  private func range(_ index: Int) -> Range<Int> {
    let start = starts[index] + 4
    return start..<start + bytes.length(at: starts[index])
  }

  /// Whether this column has each value of `source` that it can express, and no other.
  func isDerived(from source: DecodedColumn) -> Bool {
    if indexes.count != source.indexes.count { return false }
    // Most rows of a column that repeats have the same pair of indexes as the row before.
    var last: (Int32, Int32) = (-2, -2)
    for (index, sourceIndex) in zip(indexes, source.indexes) where (index, sourceIndex) != last {
      last = (index, sourceIndex)
      if sourceIndex < 0 {
        if index >= 0 { return false }
      } else if source.starts.isEmpty {
        let number = source.numbers[Int(sourceIndex)]
        if ColumnSchema.times.contains(number) != (index >= 0) { return false }
        if index >= 0, numbers[Int(index)] != number { return false }
      } else {
        let value = source.bytes.span.bytes.extracting(source.range(Int(sourceIndex)))
        if index < 0 {
          if value.isUTF8 { return false }
        } else if !value.equals(bytes.span.bytes.extracting(range(Int(index)))) || !value.isUTF8 {
          return false
        }
      }
    }
    return true
  }
}

/// Decodes the pages of one column of one row group.
struct ChunkDecoder {
  private let schema: ColumnSchema
  private let chunk: ParquetTable.Chunk
  private let rowCount: Int
  private let decompressor = ZstdBlockDecompressor()
  private var column = DecodedColumn()
  /// The number of values of the dictionary; `nil`: there is none.
  private var dictionaryCount: Int?

  init(_ schema: ColumnSchema, _ chunk: ParquetTable.Chunk, rowCount: Int) {
    (self.schema, self.chunk, self.rowCount) = (schema, chunk, rowCount)
  }

  private func corrupt(_ position: Int, _ expected: String, _ found: String) -> RDBError {
    .corruptParquet(Int(chunk.offset) + position, expected, found)
  }

  mutating func decode(_ bytes: RawSpan) throws(RDBError) -> DecodedColumn {
    var position = 0
    while column.indexes.count < rowCount {
      var reader = ThriftReader(bytes.extracting(droppingFirst: position))
      let header: ThriftStruct
      do { header = try reader.structure() } catch { throw corrupt(position, "the header of a page", "\(error.found)") }
      let start = position + reader.position
      guard let plain = header.integer(2), let stored = header.integer(3), (0...Int64(Int32.max)).contains(plain),
        stored >= 0, stored <= Int64(bytes.byteCount - start)
      else { throw corrupt(position, "the sizes of a page", "others") }
      let content = try content(bytes.extracting(start..<start + Int(stored)), Int(plain), position)
      switch (header.integer(1), header.structure(5), header.structure(7)) {
      case (Int64(Parquet.Page.dictionary), _, let dictionary?) where position == 0:
        try readDictionary(content.span.bytes, dictionary, position)
      case (Int64(Parquet.Page.data), let data?, _):
        try readData(content.span.bytes, data, position)
      default: throw corrupt(position, "a page of data", "another one")
      }
      position = start + Int(stored)
    }
    guard position == bytes.byteCount else { throw corrupt(position, "the end of the column", "more pages") }
    return column
  }

  private func content(_ bytes: RawSpan, _ byteCount: Int, _ position: Int) throws(RDBError) -> [UInt8] {
    if chunk.isCompressed {
      if let content = decompressor.decompress(bytes, byteCount: byteCount) { return content }
    } else if bytes.byteCount == byteCount {
      return [UInt8](bytes)
    }
    throw corrupt(position, "a page of \(byteCount) bytes", "damaged bytes, or another number")
  }

  private mutating func readDictionary(_ content: RawSpan, _ header: ThriftStruct, _ position: Int) throws(RDBError) {
    guard let count = header.integer(1), count > 0, count <= Int64(rowCount),
      header.integer(2) == Int64(Parquet.Encoding.plain)
    else { throw corrupt(position, "a dictionary of at most \(rowCount) values", "another one") }
    try readValues(content, count: Int(count), position)
    dictionaryCount = Int(count)
  }

  /// Reads values in the form PLAIN.
  private mutating func readValues(_ content: RawSpan, count: Int, _ position: Int) throws(RDBError) {
    var cursor = ByteCursor(content)
    let size = schema.fixedByteCount
    if size > 0 {
      for _ in 0..<count {
        column.numbers.append(
          size == 4 ? Int64(try cursor.littleEndian(Int32.self)) : try cursor.littleEndian(Int64.self))
      }
    } else {
      let base = column.bytes.count
      for _ in 0..<count {
        column.starts.append(base + cursor.position)
        _ = try cursor.take(UInt64(try cursor.littleEndian(UInt32.self)))
      }
      column.bytes.append(content)
    }
    guard cursor.remaining == 0 else { throw corrupt(position, "\(count) values", "more bytes") }
  }

  private mutating func readData(_ content: RawSpan, _ header: ThriftStruct, _ position: Int) throws(RDBError) {
    let limit = rowCount - column.indexes.count
    guard let rows = header.integer(1), rows > 0, rows <= Int64(limit) else {
      throw corrupt(position, "a page of at most \(limit) rows", "\(header.integer(1) ?? 0)")
    }
    let count = Int(rows)
    var cursor = ByteCursor(content)
    var levels = [UInt32](repeating: 1, count: count)
    if schema.isOptional {
      let bytes = try cursor.take(UInt64(try cursor.littleEndian(UInt32.self)))
      levels = try HybridDecoder.decode(bytes, count: count, bitWidth: 1, at: Int(chunk.offset) + position)
    }
    let present = levels.reduce(0) { $0 + Int($1) }
    let rest = content.extracting(droppingFirst: cursor.position)
    switch header.integer(2) {
    case Int64(Parquet.Encoding.plain):
      guard dictionaryCount == nil else { throw corrupt(position, "indexes of the dictionary", "values") }
      let first = schema.holdsValues ? column.starts.count : column.numbers.count
      try readValues(rest, count: present, position)
      var next = Int32(first)
      for level in levels {
        column.indexes.append(level == 0 ? -1 : next)
        if level != 0 { next += 1 }
      }
    case Int64(Parquet.Encoding.dictionary):
      guard let dictionaryCount else { throw corrupt(position, "a dictionary before its indexes", "none") }
      var bits = ByteCursor(rest)
      let bitWidth = Int(try bits.byte())
      guard (1...32).contains(bitWidth) else { throw corrupt(position, "a bit width of 1 to 32", "\(bitWidth)") }
      let indexes = try HybridDecoder.decode(
        rest.extracting(droppingFirst: 1), count: present, bitWidth: bitWidth, at: Int(chunk.offset) + position)
      var next = 0
      for level in levels {
        guard level != 0 else {
          column.indexes.append(-1)
          continue
        }
        guard Int(indexes[next]) < dictionaryCount else {
          throw corrupt(position, "an index below \(dictionaryCount)", "\(indexes[next])")
        }
        column.indexes.append(Int32(indexes[next]))
        next += 1
      }
    default: throw corrupt(position, "an encoding that an export has", "another one")
    }
  }
}

extension ColumnSchema {
  /// Whether the values of a page vary in size.
  fileprivate var holdsValues: Bool { fixedByteCount == 0 }
}
