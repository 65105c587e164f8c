import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBSupport

/// A column of `rdb keys`.
enum KeyColumn: Character, CaseIterable, Sendable {
  case database = "d"
  case key = "k"
  case rawKey = "K"
  case type = "t"
  case expiry = "e"
  case elements = "i"
  case idle = "r"
  case frequency = "f"
  case encoding = "E"
  case serialized = "b"
  case memory = "m"
  case slot = "s"

  /// The name of the column in CSV and JSON.
  var name: StaticString {
    switch self {
    case .database: "db"
    case .key, .rawKey: "key"
    case .type: "type"
    case .expiry: "expire_ms"
    case .elements: "elements"
    case .idle: "idle"
    case .frequency: "freq"
    case .encoding: "encoding"
    case .serialized: "serialized_bytes"
    case .memory: "memory_bytes"
    case .slot: "slot"
    }
  }

  /// Whether the column needs the elements of a value.
  var needsElements: Bool {
    switch self {
    case .elements, .encoding, .memory: true
    case .database, .key, .rawKey, .type, .expiry, .idle, .frequency, .serialized, .slot: false
    }
  }
}

/// The value of `--format`: text and columns.
struct KeyFormat: Sendable {
  enum Piece: Sendable {
    case text([UInt8])
    case column(KeyColumn)
  }

  private(set) var pieces: [Piece] = []

  /// - Returns: `nil` if the letter after a `%` is no column.
  init?(_ text: String) {
    var literal: [UInt8] = []
    var rest = Substring(text)
    while let character = rest.popFirst() {
      guard character == "%" else {
        literal += String(character).utf8
        continue
      }
      guard let letter = rest.popFirst() else { return nil }
      if letter == "%" {
        literal.append(UInt8(ascii: "%"))
        continue
      }
      guard let column = KeyColumn(rawValue: letter) else { return nil }
      if !literal.isEmpty { pieces.append(.text(literal)) }
      literal = []
      pieces.append(.column(column))
    }
    if !literal.isEmpty { pieces.append(.text(literal)) }
  }

  var columns: [KeyColumn] {
    pieces.compactMap { if case .column(let column) = $0 { column } else { nil } }
  }

  /// The default columns of `--csv` and `--json`: those that need no elements.
  static let plain = KeyFormat("%d%k%t%e%r%f%b%s")!
}

/// Writes a row of `rdb keys` for each key.
struct KeyLinesReceiver: MemoryOutputReceiver, ~Copyable {
  enum Form: Sendable {
    case lines(end: UInt8)
    case csv, json
  }

  private var output: RowOutput
  private let form: Form
  private let format: KeyFormat
  private let columns: [KeyColumn]
  private let slots = HashSlots()
  private var count: UInt64 = 0

  init(
    _ form: Form, _ format: KeyFormat, strings: JSONOptions.Strings, defuses: Bool,
    to destination: any ByteDestination
  ) {
    output = RowOutput(to: destination, strings: strings, defuses: defuses)
    self.form = form
    self.format = format
    columns = format.columns
  }

  /// The head of the table.
  static func head(_ form: Form, _ format: KeyFormat) -> String {
    guard case .csv = form else { return "" }
    return format.columns.map { "\($0.name)" }.joined(separator: ",") + "\r\n"
  }

  func wantsHash(_ key: borrowing KeyHeader) -> Bool { false }

  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) {
    count &+= 1
    switch form {
    case .lines(let end):
      for piece in format.pieces {
        switch piece {
        case .text(let text): try output.output.append(text.span.bytes)
        case .column(let column): try line(column, row, end)
        }
      }
      try output.output.append(end)
    case .csv: try csv(row)
    case .json: try json(row)
    }
  }

  private mutating func line(_ column: KeyColumn, _ row: borrowing MeasuredKey, _ end: UInt8) throws(RDBError) {
    switch column {
    // Names that end with NUL need no escapes.
    case .key where end != 0: try output.escaped(row.name)
    case .key, .rawKey: try output.output.append(row.name)
    default: try value(column, row, quotes: false)
    }
  }

  private mutating func csv(_ row: borrowing MeasuredKey) throws(RDBError) {
    var isFirst = true
    for column in columns {
      if !isFirst { try output.text(",") }
      isFirst = false
      switch column {
      case .key, .rawKey: try output.csvText(row.name)
      default: try value(column, row, quotes: false)
      }
    }
    try output.text("\r\n")
  }

  private mutating func json(_ row: borrowing MeasuredKey) throws(RDBError) {
    var isFirst = true
    for column in columns {
      try output.text(isFirst ? "{\"" : ",\"")
      isFirst = false
      try output.text(column.name)
      try output.text("\":")
      switch column {
      case .key, .rawKey: try output.jsonText(row.name)
      default: try value(column, row, quotes: true)
      }
    }
    try output.text(isFirst ? "{}\n" : "}\n")
  }

  /// Writes the value of a column.
  ///
  /// - Parameter quotes: Whether to write JSON: words in quotation marks, and `null` for a missing value.
  private mutating func value(_ column: KeyColumn, _ row: borrowing MeasuredKey, quotes: Bool) throws(RDBError) {
    switch column {
    case .database: try output.number(row.database)
    case .type: try word(row.type.word, quotes)
    case .expiry:
      if let expiry = row.expiry { try output.number(expiry.value) } else { try none(quotes) }
    case .elements: try output.number(row.elementCount)
    case .idle: try optional(row.idleSeconds, quotes)
    case .frequency: try optional(row.frequency.map { UInt64($0) }, quotes)
    case .encoding:
      if let encoding = row.encoding { try word(encoding.name, quotes) } else { try none(quotes) }
    case .serialized: try output.number(row.serializedByteCount)
    case .memory: try optional(row.memoryByteCount, quotes)
    case .slot: try output.number(UInt64(slots.slot(of: row.name)))
    case .key, .rawKey: break
    }
  }

  private mutating func word(_ word: StaticString, _ quotes: Bool) throws(RDBError) {
    if quotes { try output.text("\"") }
    try output.text(word)
    if quotes { try output.text("\"") }
  }

  private mutating func none(_ quotes: Bool) throws(RDBError) { if quotes { try output.text("null") } }

  private mutating func optional(_ value: UInt64?, _ quotes: Bool) throws(RDBError) {
    if let value { try output.number(value) } else { try none(quotes) }
  }

  mutating func endBatch() throws(RDBError) { try output.output.flush() }

  consuming func finish() throws(RDBError) -> Ledger {
    try output.output.flush()
    var ledger = Ledger()
    (ledger.keysRead, ledger.keysWritten) = (count, count)
    return ledger
  }
}
