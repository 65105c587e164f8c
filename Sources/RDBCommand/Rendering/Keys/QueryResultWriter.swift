import RDB
import RDBConvert
import RDBSQLite
import RDBSupport

/// Writes the result of a query as a table, CSV or JSON.
struct QueryResultWriter: ~Copyable {
  private let form: RowForm
  private var rows: RowOutput
  private var columns: [String] = []
  /// The first rows of a table, which decide the widths of its columns.
  private var waiting: [[TextTable.Cell]] = []
  private var numeric: Set<Int> = []

  /// The number of rows that decide the widths. Rows after them can stand out of line, but none is held back.
  private static let sampleCount = 1000

  init(_ form: RowForm, defuses: Bool, to output: OutputFile) {
    self.form = form
    rows = RowOutput(to: output, strings: .utf8, defuses: defuses)
  }

  /// - Throws: ``Failure``, if two columns have one name in JSON.
  mutating func begin(_ columns: [String]) throws {
    self.columns = columns
    if form == .json, Set(columns).count < columns.count {
      throw Failure(.usage, "two columns of the result have the same name", hint: "Name them with AS.")
    }
    guard form == .csv else { return }
    for (number, column) in columns.enumerated() {
      if number > 0 { try rows.text(",") }
      try rows.csvText(Array(column.utf8).span.bytes)
    }
    try rows.text("\r\n")
  }

  mutating func write(_ values: [QueryRows.Value]) throws {
    switch form {
    case .csv: try writeCSV(values)
    case .json: try writeJSON(values)
    case .text: try writeText(values)
    }
  }

  mutating func finish() throws {
    if form == .text { try flushTable() }
    try rows.output.flush()
  }

  private mutating func writeCSV(_ values: [QueryRows.Value]) throws {
    for (number, value) in values.enumerated() {
      if number > 0 { try rows.text(",") }
      switch value {
      case .null: break
      case .integer(let value): try rows.number(value)
      case .real(let value): try rows.output.append(text: "\(value)")
      case .text(let bytes), .blob(let bytes): try rows.csvText(bytes.span.bytes)
      }
    }
    try rows.text("\r\n")
  }

  private mutating func writeJSON(_ values: [QueryRows.Value]) throws {
    for (number, value) in values.enumerated() {
      try rows.output.append(text: number == 0 ? "{" : ",")
      try rows.jsonText(Array(columns[number].utf8).span.bytes)
      try rows.text(":")
      switch value {
      case .null: try rows.text("null")
      case .integer(let value): try rows.number(value)
      // JSON has no infinity.
      case .real(let value): try rows.output.append(text: value.isFinite ? "\(value)" : "\"\(value)\"")
      case .text(let bytes), .blob(let bytes): try rows.jsonText(bytes.span.bytes)
      }
    }
    try rows.text("}\n")
  }

  private mutating func writeText(_ values: [QueryRows.Value]) throws {
    waiting.append(
      values.enumerated().map { number, value in
        switch value {
        case .null: TextTable.Cell("–")
        case .integer(let value): TextTable.Cell("\(value)")
        case .real(let value): TextTable.Cell("\(value)")
        case .text(let bytes), .blob(let bytes): TextTable.Cell(bytes, limit: 100)
        }
      })
    if waiting.count == 1 {
      for (number, value) in values.enumerated() {
        switch value {
        case .integer, .real: numeric.insert(number)
        case .null, .text, .blob: break
        }
      }
    }
    if waiting.count == Self.sampleCount { try flushTable() }
  }

  private mutating func flushTable() throws {
    guard !waiting.isEmpty else { return }
    var table = TextTable(
      left: Set(columns.indices).subtracting(numeric), columns.map { TextTable.Cell(Array($0.utf8), limit: 100) })
    for row in waiting { table.add(row) }
    waiting = []
    try rows.output.append(text: table.text)
  }
}
