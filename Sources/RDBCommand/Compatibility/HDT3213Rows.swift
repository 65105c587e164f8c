import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Writes the rows of `-c memory` and `-c bigkey` of the tool of HDT3213: its columns, with this tool's estimates.
struct HDT3213Rows: MemoryOutputReceiver, ~Copyable {
  static let head = "database,key,type,size,size_readable,element_count\n"

  private var output: ByteOutput
  private var ledger = Ledger()

  init(to destination: any ByteDestination) { output = ByteOutput(to: destination) }

  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) {
    ledger.keysRead += 1
    ledger.keysWritten += 1
    try write(RowValues(row), row.name)
  }

  /// Writes a row.
  mutating func write(_ row: RowValues, _ name: RawSpan) throws(RDBError) {
    let size = row.memory ?? row.serialized
    try output.append(text: "\(row.database),")
    try HDT3213Text.appendCell(name, to: &output)
    // The tool counts no elements of strings and modules.
    let elements = row.type == .string || row.type == .module ? 0 : row.elements
    try output.append(text: ",\(row.type.rawValue),\(size),\(HDT3213Text.size(size)),\(elements)\n")
  }

  mutating func endBatch() throws(RDBError) { try output.flush() }

  consuming func finish() throws(RDBError) -> Ledger {
    try output.flush()
    return ledger
  }
}
