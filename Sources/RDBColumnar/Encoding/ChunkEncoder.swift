import RDBCompression
import RDBFormat
import RDBSupport

/// Encodes columns of row groups.
package final class ChunkEncoder {
  /// The largest number of rows of a page.
  package static let pageRowLimit = 20_000
  /// The size after which a page ends, in bytes. Only a page of one value is larger.
  package static let pageByteLimit = 1 << 20

  private let compressor: ZstdBlockCompressor?

  /// - Parameter compresses: Whether to compress with zstd.
  package init(compresses: Bool) { compressor = compresses ? ZstdBlockCompressor() : nil }

  /// Encodes all columns of a row group.
  package func encode(_ columns: [ColumnBuffer], _ schema: [ColumnSchema]) throws(RDBError) -> [EncodedChunk] {
    var chunks: [EncodedChunk] = []
    for (column, schema) in zip(columns, schema) {
      guard let source = schema.source else {
        chunks.append(try encode(column, schema))
        continue
      }
      // The usual case: each value can be expressed, so both columns have the same pages.
      if columns[source].inexpressible.isEmpty {
        var chunk = chunks[source]
        // Only bounds that are cut differ: those of text are text.
        if schema.kind == .text, chunk.smallest?.isExact == false || chunk.largest?.isExact != true {
          setBounds(of: &chunk, columns[source], schema, dictionary: nil)
        }
        chunks.append(chunk)
      } else {
        chunks.append(try encode(columns[source].derived(), schema))
      }
    }
    return chunks
  }

  private func setBounds(
    of chunk: inout EncodedChunk, _ column: ColumnBuffer, _ schema: ColumnSchema, dictionary: [UInt8]?
  ) {
    let bounds = ColumnBounds(column, schema, dictionary: dictionary)
    (chunk.smallest, chunk.largest) = (bounds.smallest, bounds.largest)
  }

  package func encode(_ column: ColumnBuffer, _ schema: ColumnSchema) throws(RDBError) -> EncodedChunk {
    let dictionary = ColumnDictionary(column, schema)
    var chunk = EncodedChunk()
    setBounds(of: &chunk, column, schema, dictionary: dictionary?.bytes)
    if let dictionary {
      try appendPage(dictionary.bytes.span.bytes, to: &chunk) { header in
        header.i32(1, Parquet.Page.dictionary)
        return { header in
          header.structure(7) {
            $0.i32(1, Int32(dictionary.count))
            $0.i32(2, Parquet.Encoding.plain)
          }
        }
      }
      chunk.dictionaryByteCount = chunk.bytes.count
    }
    var pages = PageCursor(column, schema, dictionary)
    while let page = pages.next() {
      try appendPage(page.bytes.span.bytes, to: &chunk) { header in
        header.i32(1, Parquet.Page.data)
        return { header in
          header.structure(5) {
            $0.i32(1, Int32(page.rowCount))
            $0.i32(2, dictionary == nil ? Parquet.Encoding.plain : Parquet.Encoding.dictionary)
            $0.i32(3, Parquet.Encoding.hybrid)
            $0.i32(4, Parquet.Encoding.hybrid)
          }
        }
      }
      chunk.rowCount += page.rowCount
      chunk.missingCount += page.missingCount
    }
    return chunk
  }

  /// Appends the header of a page, and its content.
  ///
  /// - Parameter kind: Writes the type of the page, and returns a function that writes what depends on it.
  private func appendPage(
    _ content: RawSpan, to chunk: inout EncodedChunk,
    kind: (inout ThriftWriter) -> (inout ThriftWriter) -> Void
  ) throws(RDBError) {
    var stored: [UInt8] = []
    if let compressor { try compressor.compress(content, onto: &stored) } else { stored.append(content) }
    guard content.byteCount <= Int(Int32.max), stored.count <= Int(Int32.max) else {
      throw RDBError(
        .valueTooLarge, at: 0, expected: "a page of fewer than 2 GiB", found: "\(content.byteCount) bytes")
    }
    var header = ThriftWriter()
    header.structure {
      let rest = kind(&$0)
      $0.i32(2, Int32(content.byteCount))
      $0.i32(3, Int32(stored.count))
      rest(&$0)
    }
    chunk.plainByteCount += header.bytes.count + content.byteCount
    chunk.bytes += header.bytes
    chunk.bytes += stored
  }
}
