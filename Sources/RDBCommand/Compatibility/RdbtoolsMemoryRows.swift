import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Writes the rows of `-c memory` of redis-rdb-tools: its columns, with this tool's estimates. Names are not quoted.
struct RdbtoolsMemoryRows: MemoryOutputReceiver, ~Copyable {
  static let head = "database,type,key,size_in_bytes,encoding,num_elements,len_largest_element,expiry\n"

  private var output: ByteOutput
  private let text: RdbtoolsText
  private let least: UInt64
  private var ledger = Ledger()

  init(_ text: RdbtoolsText, least: UInt64, to destination: any ByteDestination) {
    (self.text, self.least) = (text, least)
    output = ByteOutput(to: destination)
  }

  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) {
    ledger.keysRead += 1
    guard row.memoryOrSerializedByteCount >= least else {
      ledger.keysFiltered += 1
      return
    }
    ledger.keysWritten += 1
    try write(RowValues(row), row.name)
  }

  /// Writes a row.
  mutating func write(_ row: RowValues, _ name: RawSpan) throws(RDBError) {
    let memory = row.memory ?? row.serialized
    try output.append(text: "\(row.database),\(Self.type(row.type)),")
    try output.append(text.bytes(name, isName: true).span.bytes)
    let isOne = row.type == .module || row.type == .stream
    let elements = row.type == .string ? row.largest : isOne ? 1 : row.elements
    let expiry = row.expiry.map(Self.time) ?? ""
    try output.append(
      text: ",\(memory),\(Self.encoding(row)),\(elements),\(row.type == .module ? memory : row.largest),\(expiry)\n")
  }

  mutating func endBatch() throws(RDBError) { try output.flush() }

  consuming func finish() throws(RDBError) -> Ledger {
    try output.flush()
    return ledger
  }

  private static func type(_ type: DataType) -> String { type == .zset ? "sortedset" : type.rawValue }

  private static func encoding(_ row: RowValues) -> String {
    row.type == .string ? "string" : row.encoding?.rawValue ?? row.type.rawValue
  }

  /// A time as Python's `isoformat` writes it: with microseconds, unless they are 0.
  private static func time(_ milliseconds: Int64) -> String {
    guard let text = DateText.iso(milliseconds) else { return "\(milliseconds)" }
    let whole = String(text.prefix(19))
    return milliseconds % 1000 == 0 ? whole : whole + "." + text.dropFirst(20).prefix(3) + "000"
  }
}
