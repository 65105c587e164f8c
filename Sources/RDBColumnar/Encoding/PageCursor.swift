import RDBFormat
import RDBSupport

/// Divides a column of one row group into pages of data.
///
///     [levels: length in four bytes, hybrid of 0 (missing) and 1]   only if values may be missing
///     values in the form PLAIN, or: bit width in one byte, hybrid of dictionary indexes
struct PageCursor {
  /// The content of a page, before compression.
  struct Page {
    var bytes: [UInt8] = []
    var rowCount = 0
    var missingCount = 0
  }

  private let column: ColumnBuffer
  private let schema: ColumnSchema
  private let dictionary: ColumnDictionary?
  /// The current entry, and the number of its rows that pages have.
  private var entry = 0
  private var usedCount = 0
  /// The number of entries before the current one whose value is not missing.
  private var present = 0
  private var nextMissing = 0
  /// The offset of the current value in the bytes of the column.
  private var offset = 0

  init(_ column: ColumnBuffer, _ schema: ColumnSchema, _ dictionary: ColumnDictionary?) {
    (self.column, self.schema, self.dictionary) = (column, schema, dictionary)
  }

  mutating func next() -> Page? {
    guard entry < column.entryCount else { return nil }
    var page = Page()
    var levels = HybridEncoder(bitWidth: 1)
    var values: [UInt8] = []
    var indexes = HybridEncoder(bitWidth: dictionary.map { HybridEncoder.bitWidth(forCount: $0.count) } ?? 1)
    if column.counts.isEmpty, column.missing.isEmpty {
      addEntries(to: &page, &values, &indexes)
      levels.append(1, count: page.rowCount)
    } else {
      addRows(to: &page, &values, &indexes, &levels)
    }
    if schema.isOptional {
      levels.finish()
      page.bytes.append(length: UInt32(levels.bytes.count))
      page.bytes += levels.bytes
    }
    if let dictionary {
      indexes.finish()
      page.bytes.append(UInt8(HybridEncoder.bitWidth(forCount: dictionary.count)))
      page.bytes += indexes.bytes
    } else {
      page.bytes += values
    }
    return page
  }

  /// Adds entries of one row each, none of which is missing.
  private mutating func addEntries(to page: inout Page, _ values: inout [UInt8], _ indexes: inout HybridEncoder) {
    let first = entry
    var end = min(column.entryCount, entry + ChunkEncoder.pageRowLimit)
    if let dictionary {
      for index in dictionary.indexes[first..<end] { indexes.append(index) }
    } else if schema.holdsBytes {
      let start = offset
      entry = first
      while entry < end, offset - start < ChunkEncoder.pageByteLimit {
        offset += 4 + column.bytes.length(at: offset)
        entry += 1
      }
      end = entry
      values.append(column.bytes.span.bytes.extracting(start..<offset))
    } else {
      values.reserveCapacity((end - first) * schema.fixedByteCount)
      for number in column.numbers[first..<end] {
        values.append(littleEndian: number, byteCount: schema.fixedByteCount)
      }
    }
    page.rowCount = end - first
    entry = end
    present = end
  }

  private mutating func addRows(
    to page: inout Page, _ values: inout [UInt8], _ indexes: inout HybridEncoder, _ levels: inout HybridEncoder
  ) {
    while entry < column.entryCount, page.rowCount < ChunkEncoder.pageRowLimit,
      values.count < ChunkEncoder.pageByteLimit
    {
      let entryRows = column.counts.isEmpty ? 1 : Int(column.counts[entry])
      var count = min(entryRows - usedCount, ChunkEncoder.pageRowLimit - page.rowCount)
      let isMissing = nextMissing < column.missing.count && Int(column.missing[nextMissing]) == entry
      var end = offset
      if isMissing {
        page.missingCount += count
      } else if let dictionary {
        indexes.append(dictionary.indexes[present], count: count)
      } else if schema.holdsBytes {
        end = offset + 4 + column.bytes.length(at: offset)
        let value = column.bytes.span.bytes.extracting(offset..<end)
        // A long value that repeats must not fill a page many times over.
        let room = max(1, (ChunkEncoder.pageByteLimit - values.count) / value.byteCount)
        count = min(count, room)
        for _ in 0..<count { values.append(value) }
      } else {
        for _ in 0..<count { values.append(littleEndian: column.numbers[present], byteCount: schema.fixedByteCount) }
      }
      levels.append(isMissing ? 0 : 1, count: count)
      page.rowCount += count
      usedCount += count
      if usedCount == entryRows {
        usedCount = 0
        entry += 1
        if isMissing { nextMissing += 1 } else { present += 1 }
        offset = end
      }
    }
  }
}
