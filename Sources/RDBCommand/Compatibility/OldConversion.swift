import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Reads a dump for a call of another tool, with this command's options for the keys and the output.
struct OldConversion {
  private let dump: String
  private let filters: [String]
  private let output: [String]

  /// - Parameters:
  ///   - filters: Options of ``KeyArguments``.
  ///   - output: Options of ``OutputOptions``.
  init(_ dump: String, _ filters: [String], _ output: [String]) {
    (self.dump, self.filters, self.output) = (dump, filters, output)
  }

  /// An opened dump with the options.
  private struct Opened {
    let input: InputFile
    let keys: KeyArguments
    let reading: ReadingOptions
    let working: WorkingArguments
  }

  /// - Parameter isOrdered: Whether one thread reads everything in the order of the file.
  private func open(isOrdered: Bool) throws -> Opened {
    let keys = try KeyArguments.parse(filters)
    let reading = try ReadingOptions.parse([])
    let working = try WorkingArguments.parse(isOrdered ? ["-j", "1"] : [])
    return Opened(
      input: try reading.open(dump, now: try keys.expiry.present), keys: keys, reading: reading, working: working)
  }

  /// Writes with one sink that reads the whole snapshot.
  ///
  /// - Throws: ``Failure``.
  func write<S: OutputSink & ~Copyable>(_ makeSink: (any ByteDestination) -> S) throws where S.Summary == Ledger {
    try writeWithModel { _, destination in makeSink(destination) }
  }

  /// Writes with one sink that reads the whole snapshot, and estimates memory for the server that wrote it.
  func writeWithModel<S: OutputSink & ~Copyable>(_ makeSink: (ServerModel, any ByteDestination) -> S) throws
  where S.Summary == Ledger {
    let opened = try open(isOrdered: true)
    let run = try SnapshotRun(opened.input, opened.reading, opened.keys.damage)
    let model = try ModelArguments.parse([]).model(run.origin, nil)
    let conversion = try Conversion(
      of: opened.input, to: try OutputOptions.parse(output), nil, try LedgerOptions.parse([]), opened.keys,
      opened.working)
    let result = try conversion.read(run, to: conversion.output) { makeSink(model, $0) }
    let ledger = result.summary
    try conversion.finish(ledger, result)
  }

  /// Writes a table with a row for each key.
  func writeRows<Rows: MemoryOutputReceiver & ~Copyable>(head: String, _ makeRows: (any ByteDestination) -> Rows) throws
  where Rows.Summary == Ledger {
    let opened = try open(isOrdered: false)
    let run = try SnapshotRun(opened.input, opened.reading, opened.keys.damage)
    let model = try ModelArguments.parse([]).model(run.origin, nil)
    let conversion = try Conversion(
      of: opened.input, to: try OutputOptions.parse(output), nil, try LedgerOptions.parse([]), opened.keys,
      opened.working)
    try conversion.output.writeHead(head)
    let result = try conversion.read(run, to: conversion.output) { MemorySink(model, to: makeRows($0)) }
    let ledger = result.summary
    try conversion.finish(ledger, result)
  }

  /// Returns the keys that need most memory, the largest first.
  func largestKeys(_ count: Int) throws -> [KeyEntry] {
    let opened = try open(isOrdered: false)
    let run = ReportRun(
      input: opened.input, keys: opened.keys, reading: opened.reading, working: opened.working,
      model: try ModelArguments.parse([]))
    let reports = try run.reports { options in
      options.measures = [.memory]
      options.topLimit = count
      options.perType = false
    }
    return reports.top?.keys(by: .memory) ?? []
  }

  /// Reads into receivers of measured keys, without output.
  func fold(_ makeReceiver: () -> HDT3213Prefixes) throws -> HDT3213Prefixes.Sums {
    let opened = try open(isOrdered: false)
    let run = try SnapshotRun(opened.input, opened.reading, opened.keys.damage)
    let model = try ModelArguments.parse([]).model(run.origin, nil)
    let result = try run.foldFiltered(by: try opened.keys.options, opened.working) {
      MemorySink(model, to: makeReceiver())
    }
    var losses = result.filtered
    if let end = result.end { losses.merge(end.losses) }
    InputLosses.report(losses)
    return result.summary
  }

  /// Writes a table that is in memory.
  func writeTable(head: String, _ write: (any ByteDestination) throws -> Void) throws {
    let memory = MemoryDestination()
    try write(memory)
    let options = try OutputOptions.parse(output)
    try OutputFile(path: options.output, keepsPartial: false, inputs: [], form: nil)
      .writeWhole(Array(head.utf8) + memory.bytes)
  }
}
