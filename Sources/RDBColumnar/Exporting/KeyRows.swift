import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// The rows of keys that are not written yet.
struct KeyRows: ~Copyable {
  var buffer = TableBuffer(.keys)
  private var cutter: PrefixCutter
  private let slots = HashSlots()

  init(_ prefixes: PrefixOptions) { cutter = PrefixCutter(prefixes) }

  /// Adds a row.
  ///
  /// - Returns: Whether the row group is complete.
  mutating func add(
    _ key: borrowing MeasuredKey, offset: Int64, module: ModuleID?, metadata: [UInt8]
  ) throws(RDBError) -> Bool {
    let name = key.name
    buffer.columns[4].append(Int64(key.type.ordinal))
    buffer.columns[5].append(key.encoding.map { Int64($0.ordinal) })
    buffer.columns[6].append(Int64(key.storedType.rawValue))
    buffer.columns[7].append(Int64(clamping: key.elementCount))
    buffer.columns[8].append(Int64(name.byteCount))
    buffer.columns[9].append(Int64(clamping: key.serializedByteCount))
    buffer.columns[10].append(Int64(clamping: key.plainByteCount))
    buffer.columns[11].append(Int64(clamping: key.largestElementByteCount))
    buffer.columns[12].append(key.memoryByteCount.map { Int64(clamping: $0) })
    buffer.columns[13].append(key.expiry?.value)
    if let idle = key.idleSeconds {
      buffer.columns[15].append(try ColumnarSink.number(idle, "an idle time"))
    } else {
      buffer.columns[15].appendMissing()
    }
    buffer.columns[16].append(key.frequency.map { Int64($0) })
    buffer.columns[17].append(Int64(slots.slot(of: name)))
    var byteCount = try addPrefixes(name)
    if let module {
      let text = Array(module.name.utf8)
      byteCount += try buffer.columns[21].append(text.span.bytes)
      buffer.columns[22].append(Int64(module.version))
    } else {
      buffer.columns[21].appendMissing()
      buffer.columns[22].appendMissing()
    }
    if metadata.isEmpty {
      buffer.columns[23].appendMissing()
    } else {
      byteCount += try buffer.columns[23].append(metadata.span.bytes)
    }
    let isFull = buffer.endRow(byteCount + name.byteCount + 64)
    try buffer.endRows(
      offset: offset, database: try ColumnarSink.number(key.database, "the number of a database"), key: name)
    return isFull
  }

  private mutating func addPrefixes(_ name: RawSpan) throws(RDBError) -> Int {
    name.withUnsafeBytes { cutter.cut($0) }
    var byteCount = 0
    for level in 0..<TableSchema.prefixDepth {
      let prefix = level < cutter.count ? name.extracting(first: Int(cutter.ends[level])) : name.extracting(first: 0)
      if prefix.byteCount > 0, prefix.isUTF8 {
        byteCount += try buffer.columns[18 + level].append(prefix)
      } else {
        buffer.columns[18 + level].appendMissing()
      }
    }
    return byteCount
  }
}
