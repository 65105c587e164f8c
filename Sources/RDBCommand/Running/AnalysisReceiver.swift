import RDB
import RDBAnalysis
import RDBConvert

/// The receiver of `rdb analyze`: makes all requested reports in one pass. Each worker has its own.
struct AnalysisReceiver: MemoryOutputReceiver, ~Copyable {
  /// The tables with a row per key, and their form.
  struct Tables: Sendable {
    /// Each has a CSV file and a JSON file, in this order.
    var names: [ReportName]
    var defuses: Bool
    var strings: JSONOptions.Strings
  }

  private var reports: KeyReportsReceiver
  private var keysCSV: KeyLinesReceiver?
  private var keysJSON: KeyLinesReceiver?
  private var memoryCSV: MemoryRowsReceiver?
  private var memoryJSON: MemoryRowsReceiver?

  init(
    _ options: KeyReports.Options, _ tables: Tables, to destinations: [any ByteDestination]
  ) throws(RDBError) {
    reports = try KeyReportsReceiver(options)
    for (number, name) in tables.names.enumerated() {
      let (csv, json) = (destinations[2 * number], destinations[2 * number + 1])
      if name == .keys {
        keysCSV = KeyLinesReceiver(
          .csv, .plain, strings: tables.strings, defuses: tables.defuses, to: csv)
        keysJSON = KeyLinesReceiver(
          .json, .plain, strings: tables.strings, defuses: tables.defuses, to: json)
      } else {
        memoryCSV = MemoryRowsReceiver(
          .csv, least: 0, strings: tables.strings, defuses: tables.defuses, to: csv)
        memoryJSON = MemoryRowsReceiver(
          .json, least: 0, strings: tables.strings, defuses: tables.defuses, to: json)
      }
    }
  }

  mutating func wantsHash(_ key: borrowing KeyHeader) -> Bool { reports.wantsHash(key) }

  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) {
    try reports.receive(row)
    try keysCSV?.receive(row)
    try keysJSON?.receive(row)
    try memoryCSV?.receive(row)
    try memoryJSON?.receive(row)
  }

  mutating func endBatch() throws(RDBError) {
    try keysCSV?.endBatch()
    try keysJSON?.endBatch()
    try memoryCSV?.endBatch()
    try memoryJSON?.endBatch()
  }

  consuming func finish() throws(RDBError) -> KeyReports { try reports.finish() }

  /// The head of a table's CSV.
  static func head(_ name: ReportName) -> String {
    name == .keys ? KeyLinesReceiver.head(.csv, .plain) : RowOutput.memoryHead(.csv)
  }
}
