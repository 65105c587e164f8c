import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat

/// `rdb memory`: estimates the memory of every key.
struct Memory: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory",
    abstract: "Estimate the memory of every key.",
    discussion: """
      The estimate is the result of MEMORY USAGE key SAMPLES 0 on a server that has just loaded the snapshot; values of \
      modules have none. The first CSV columns are those of redis-rdb-tools. --json writes one object per line.

      Examples:
        rdb memory dump.rdb --top 20
        rdb memory dump.rdb --csv --bytes 1mb -o large.csv
        rdb memory dump.rdb --json --server valkey-9.0 --allocator libc -o memory.jsonl
        duckdb -c "SELECT type, sum(size_in_bytes) FROM 'memory.csv' GROUP BY 1"
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments

  @Option(help: ArgumentHelp("Write strings in JSON in this form. Default: utf8.", valueName: "how"))
  var strings: JSONOptions.Strings?

  @Option(help: ArgumentHelp("Show only keys that take at least this much memory.", valueName: "size"))
  var bytes = ByteSize(0)

  @Option(help: ArgumentHelp("Show only the n largest keys, largest first.", valueName: "n"))
  var top: Int?

  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var payload: PayloadArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if let top, !(1...1_000_000).contains(top) {
      throw ValidationError("--top takes 1 to 1000000 keys, not \(top).")
    }
    try form.validate(strings)
  }

  func run() throws {
    let input = try payload.open(input, reading, now: try keys.expiry.present)
    if let top { return try writeTop(top, of: input) }
    let run = try SnapshotRun(input, reading, keys.damage)
    let conversion = try Conversion(
      of: input, to: output, form.form.onTerminal, try LedgerOptions.parse([]), keys, working)
    let model = model.model(run.origin, reading.server)
    let (form, strings, least, defuses) = (form.form, strings ?? .utf8, bytes.byteCount, !form.noDefuse)
    try conversion.output.writeHead(RowOutput.memoryHead(form))
    let result = try conversion.read(run, to: conversion.output) {
      (destination: any ByteDestination) throws(RDBError) -> MemorySink<MemoryRowsReceiver> in
      MemorySink(
        model,
        to: MemoryRowsReceiver(form, least: least, strings: strings, defuses: defuses, to: destination))
    }
    let ledger = result.summary
    try conversion.finish(ledger, result)
  }

  private func writeTop(_ top: Int, of input: InputFile) throws {
    let run = ReportRun(input: input, keys: keys, reading: reading, working: working, model: model)
    let output = try output.open(reading: input, form.form.onTerminal)
    let report = try run.reports { options in
      options.measures = [.memory]
      options.topLimit = top
      options.perType = false
    }
    let rows = (report.top?.ranked(by: .memory) ?? []).filter { $0.value >= bytes.byteCount }
    do throws(RDBError) {
      var table = RowOutput(to: output, strings: strings ?? .utf8, defuses: !form.noDefuse)
      try table.output.append(text: RowOutput.memoryHead(form.form))
      for row in rows {
        let (name, largest) = (row.entry.key.bytes, row.entry.largestElement.bytes)
        try table.memoryRow(form.form, RowValues(row.entry), name.span.bytes, largest.span.bytes)
      }
      try table.output.flush()
      try output.finish()
    } catch {
      output.abandon()
      throw error.failure(in: output.shownName)
    }
  }
}
