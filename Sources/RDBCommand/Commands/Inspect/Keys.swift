import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert

extension KeyFormat: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
}

/// `rdb keys`: lists the names of keys, and other columns.
struct Keys: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "List the keys, one per line.",
    discussion: """
      Keys are listed in file order. Only %E, %i and %m decode values. Bytes of names other than printable ASCII are \
      escaped as in redis-cli: \\n, \\xff, \\\\, \\\".

      Columns: %d database, %k key, %K key without escapes (except on a terminal), %t type, %e expiry in ms, \
      %i elements, %r idle seconds, %f frequency, %E encoding, %b bytes in the file, %m estimated memory, %s hash slot, \
      %% percent sign.

      Examples:
        rdb keys dump.rdb | wc -l
        rdb keys dump.rdb -n 3 -t zset --pattern 'user:*'
        rdb keys dump.rdb --format '%d,%k,%t,%e,%i'
        rdb keys dump.rdb -k '^tmp:' -0 | xargs -0 redis-cli unlink
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Write each key in this format of text and %-columns.", valueName: "format"))
  var format: KeyFormat?

  @Flag(name: [.customShort("0"), .customLong("null")], help: "End each line with NUL, and do not escape names.")
  var null = false

  @Option(help: ArgumentHelp("Write strings in JSON in this form. Default: utf8.", valueName: "how"))
  var strings: JSONOptions.Strings?

  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if null && (form.csv || form.json) {
      throw ValidationError("-0 contradicts --csv and --json: give one.")
    }
    try form.validate(strings)
  }

  func run() throws {
    let input = try reading.open(input, now: try keys.expiry.present)
    let run = try SnapshotRun(input, reading, keys.damage)
    // A table of keys has no losses.
    let conversion = try Conversion(
      of: input, to: output, form.json ? .json : .lines, try LedgerOptions.parse([]), keys, working)
    if format == nil, !null, !form.csv, !form.json {
      return try finish(conversion, try conversion.read(run, to: conversion.output) { KeyNamesSink(to: $0) })
    }
    let shape: KeyLinesReceiver.Form = form.csv ? .csv : form.json ? .json : .lines(end: null ? 0 : 10)
    let format = format ?? (form.csv || form.json ? .plain : KeyFormat("%k")!)
    let detail: KeyMeter.Detail = format.columns.contains { $0.needsElements } ? .elements : .header
    try conversion.output.writeHead(KeyLinesReceiver.head(shape, format))
    let model = model.model(run.origin, reading.server)
    let (strings, defuses) = (strings ?? .utf8, !form.noDefuse)
    let result = try conversion.read(run, to: conversion.output) {
      (destination: any ByteDestination) throws(RDBError) -> MemorySink<KeyLinesReceiver> in
      MemorySink(
        model, detail,
        to: KeyLinesReceiver(shape, format, strings: strings, defuses: defuses, to: destination))
    }
    try finish(conversion, result)
  }

  private func finish(_ conversion: Conversion, _ result: Conversion.Result<Ledger>) throws {
    let ledger = result.summary
    try conversion.finish(ledger, result)
  }
}
