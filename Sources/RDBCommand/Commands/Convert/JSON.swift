import ArgumentParser
import RDB
import RDBConvert

extension JSONOptions.Strings: ExpressibleByArgument {}
extension JSONOptions.Shape: ExpressibleByArgument {}

/// The options about the form of JSON.
struct JSONArguments: ParsableArguments {
  @Flag(help: "Write JSON Lines: one object per line, instead of one array.")
  var lines = false

  @Option(help: ArgumentHelp("Write strings in this form.", valueName: "how"))
  var strings = JSONOptions.Strings.utf8

  @Option(help: ArgumentHelp("Write objects of this shape.", valueName: "shape"))
  var shape = JSONOptions.Shape.native

  @Flag(help: "Add the cardinality of HyperLogLogs, positions of geo sets, and decoded module values.")
  var decode = false

  @Flag(help: "Add the header, AUX fields, functions, slots, and a last object with the key count.")
  var meta = false
}

extension JSONArguments {
  func validate() throws {
    if decode && shape == .rdbtools {
      throw ValidationError("--decode and --shape rdbtools contradict each other: give one.")
    }
  }
}

/// `rdb json`: writes every key as JSON.
struct JSON: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "json",
    abstract: "Write every key as JSON.",
    discussion: """
      The output is one array of objects, or one object per line with --lines. Strings that are not UTF-8 become \
      {"$base64":"…"}, unless --strings chooses another form. A damaged snapshot never gives a complete document.

      Examples:
        rdb json dump.rdb -o dump.json
        rdb json dump.rdb --lines -t hash | jq -c '[.key, .hash.name]'
        rdb json dump.rdb.zst --lines --meta --strings base64 -o dump.jsonl
        rdb json dump.rdb --shape rdbtools | jq '.[0] | keys'
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Shape") var form: JSONArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var payload: PayloadArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try payload.open(input, reading, now: try keys.expiry.present)
    let run = try SnapshotRun(input, reading, keys.damage)
    var options = JSONOptions(writer: run.origin.assumedWriter)
    options.layout = form.lines ? .lines : .array
    options.strings = form.strings
    options.shape = form.shape
    options.meta = form.meta
    options.decodes = form.decode
    let conversion = try Conversion(of: input, to: output, .json, ledger, keys, working)
    let result = try conversion.read(run, to: conversion.output) { [options] destination in
      JSONSink(options, to: destination)
    }
    let ledger = result.summary
    try conversion.finish(ledger, result)
  }
}
