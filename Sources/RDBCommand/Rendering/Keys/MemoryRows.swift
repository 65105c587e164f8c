import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBSupport

/// The format of the rows of `rdb memory`. Other programs parse CSV and JSON: the names and their order never change.
enum RowForm: Sendable {
  case csv, json, text
}

extension RowOutput {
  /// The head of the table. The first eight columns are those of redis-rdb-tools.
  static func memoryHead(_ form: RowForm) -> String {
    switch form {
    case .csv:
      "database,type,key,size_in_bytes,encoding,num_elements,len_largest_element,expiry,"
        + "serialized_bytes,largest_element,expire_ms,idle,freq\r\n"
    case .json: ""
    case .text: "    memory    stored  type    encoding    elements  expiry                    key\n"
    }
  }

  @inline(__always)
  mutating func memoryRow(_ form: RowForm, _ values: RowValues, _ name: RawSpan, _ largest: RawSpan)
    throws(RDBError)
  {
    switch form {
    case .csv: try csvRow(values, name, largest)
    case .json: try jsonRow(values, name, largest)
    case .text: try textRow(values, name)
    }
  }

  private mutating func csvRow(_ values: RowValues, _ name: RawSpan, _ largest: RawSpan) throws(RDBError) {
    try number(values.database)
    try text(",")
    try text(values.type.word)
    try text(",")
    try csvText(name)
    try text(",")
    try optional(values.memory)
    try text(",")
    if let encoding = values.encoding { try text(encoding.name) }
    try text(",")
    try number(values.elements)
    try text(",")
    try number(values.largest)
    try text(",")
    if let expiry = values.expiry { try time(expiry) }
    try text(",")
    try number(values.serialized)
    try text(",")
    try csvText(largest)
    try text(",")
    if let expiry = values.expiry { try number(expiry) }
    try text(",")
    try optional(values.idle)
    try text(",")
    try optional(values.frequency.map { UInt64($0) })
    try text("\r\n")
  }

  private mutating func jsonRow(_ values: RowValues, _ name: RawSpan, _ largest: RawSpan) throws(RDBError) {
    try text("{\"db\":")
    try number(values.database)
    try text(",\"type\":\"")
    try text(values.type.word)
    try text("\",\"key\":")
    try jsonText(name)
    try text(",\"memory_bytes\":")
    try jsonNumber(values.memory)
    try text(",\"serialized_bytes\":")
    try number(values.serialized)
    try text(",\"encoding\":")
    if let encoding = values.encoding {
      try text("\"")
      try text(encoding.name)
      try text("\"")
    } else {
      try text("null")
    }
    try text(",\"elements\":")
    try number(values.elements)
    try text(",\"largest_element_bytes\":")
    try number(values.largest)
    try text(",\"largest_element\":")
    if values.type == .string || values.type == .module { try text("null") } else { try jsonText(largest) }
    try text(",\"expire_ms\":")
    if let expiry = values.expiry { try number(expiry) } else { try text("null") }
    try text(",\"idle\":")
    try jsonNumber(values.idle)
    try text(",\"freq\":")
    try jsonNumber(values.frequency.map { UInt64($0) })
    try text("}\n")
  }

  private mutating func textRow(_ values: RowValues, _ name: RawSpan) throws(RDBError) {
    try column(values.memory, width: 10)
    try column(values.serialized, width: 10)
    try spaces(2)
    try column(values.type.word, width: 8)
    if let encoding = values.encoding { try column(encoding.name, width: 10) } else { try column("–", width: 10) }
    try column(values.elements, width: 10)
    try spaces(2)
    if let expiry = values.expiry {
      try time(expiry)
      let digits = DecimalText.digitCount(expiry.magnitude) + (expiry < 0 ? 1 : 0)
      try spaces(max(26 - (TimeText.range.contains(expiry) ? TimeText.byteCount : digits), 1))
    } else {
      try column("never", width: 26)
    }
    try displayed(name)
    try text("\n")
  }
}

/// Writes a row of `rdb memory` for each key.
struct MemoryRowsReceiver: MemoryOutputReceiver, ~Copyable {
  private var output: RowOutput
  private let form: RowForm
  /// The least memory of a key that is written, in bytes.
  private let least: UInt64
  private var ledger = Ledger()

  init(
    _ form: RowForm, least: UInt64, strings: JSONOptions.Strings, defuses: Bool,
    to destination: any ByteDestination
  ) {
    output = RowOutput(to: destination, strings: strings, defuses: defuses)
    self.form = form
    self.least = least
  }

  func wantsHash(_ key: borrowing KeyHeader) -> Bool { false }

  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) {
    ledger.keysRead &+= 1
    guard row.memoryOrSerializedByteCount >= least else {
      ledger.keysFiltered &+= 1
      return
    }
    ledger.keysWritten &+= 1
    try output.memoryRow(form, RowValues(row), row.name, row.largestElement)
  }

  mutating func endBatch() throws(RDBError) { try output.output.flush() }

  consuming func finish() throws(RDBError) -> Ledger {
    try output.output.flush()
    return ledger
  }
}
