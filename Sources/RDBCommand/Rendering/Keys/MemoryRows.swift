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
  mutating func memoryRow(_ form: RowForm, _ facts: RowFacts, _ name: RawSpan, _ largest: RawSpan)
    throws(RDBError)
  {
    switch form {
    case .csv: try csvRow(facts, name, largest)
    case .json: try jsonRow(facts, name, largest)
    case .text: try textRow(facts, name)
    }
  }

  private mutating func csvRow(_ facts: RowFacts, _ name: RawSpan, _ largest: RawSpan) throws(RDBError) {
    try number(facts.database)
    try text(",")
    try text(facts.type.word)
    try text(",")
    try csvText(name)
    try text(",")
    try optional(facts.memory)
    try text(",")
    if let encoding = facts.encoding { try text(encoding.name) }
    try text(",")
    try number(facts.elements)
    try text(",")
    try number(facts.largest)
    try text(",")
    if let expiry = facts.expiry { try time(expiry) }
    try text(",")
    try number(facts.serialized)
    try text(",")
    try csvText(largest)
    try text(",")
    if let expiry = facts.expiry { try number(expiry) }
    try text(",")
    try optional(facts.idle)
    try text(",")
    try optional(facts.frequency.map { UInt64($0) })
    try text("\r\n")
  }

  private mutating func jsonRow(_ facts: RowFacts, _ name: RawSpan, _ largest: RawSpan) throws(RDBError) {
    try text("{\"db\":")
    try number(facts.database)
    try text(",\"type\":\"")
    try text(facts.type.word)
    try text("\",\"key\":")
    try jsonText(name)
    try text(",\"memory_bytes\":")
    try jsonNumber(facts.memory)
    try text(",\"serialized_bytes\":")
    try number(facts.serialized)
    try text(",\"encoding\":")
    if let encoding = facts.encoding {
      try text("\"")
      try text(encoding.name)
      try text("\"")
    } else {
      try text("null")
    }
    try text(",\"elements\":")
    try number(facts.elements)
    try text(",\"largest_element_bytes\":")
    try number(facts.largest)
    try text(",\"largest_element\":")
    if facts.type == .string || facts.type == .module { try text("null") } else { try jsonText(largest) }
    try text(",\"expire_ms\":")
    if let expiry = facts.expiry { try number(expiry) } else { try text("null") }
    try text(",\"idle\":")
    try jsonNumber(facts.idle)
    try text(",\"freq\":")
    try jsonNumber(facts.frequency.map { UInt64($0) })
    try text("}\n")
  }

  private mutating func textRow(_ facts: RowFacts, _ name: RawSpan) throws(RDBError) {
    let expiry = facts.expiry.map { DateText.text(milliseconds: $0) } ?? "never"
    let shown = DisplayText.name(name)
    try output.append(
      text: (facts.memory.map { "\($0)" } ?? "–").leftPadded(to: 10) + "\(facts.serialized)".leftPadded(to: 10) + "  "
        + facts.type.rawValue.padded(to: 8) + (facts.encoding?.rawValue ?? "–").padded(to: 10)
        + "\(facts.elements)".leftPadded(to: 10) + "  " + expiry.padded(to: 26) + shown + "\n")
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
    try output.memoryRow(form, RowFacts(row), row.name, row.largestElement)
  }

  mutating func endBatch() throws(RDBError) { try output.output.flush() }

  consuming func finish() throws(RDBError) -> Ledger {
    try output.output.flush()
    return ledger
  }
}
