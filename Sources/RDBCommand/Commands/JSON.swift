import ArgumentParser
import RDB
import RDBConvert

extension JSONOptions.Strings: ExpressibleByArgument {}
extension JSONOptions.Shape: ExpressibleByArgument {}

/// How keys become JSON.
struct JSONArguments: ParsableArguments {
  @Flag(help: "JSON Lines: one object a line, instead of one array.")
  var lines = false

  @Option(help: ArgumentHelp("How bytes become text.", valueName: "how"))
  var strings = JSONOptions.Strings.utf8

  @Option(help: ArgumentHelp("Our own objects, or those of redis-rdb-tools and librdb.", valueName: "whose"))
  var shape = JSONOptions.Shape.native

  @Flag(help: "Add a header, AUX fields, functions and slots, and a last object that counts the keys.")
  var meta = false
}

/// `rdb json`: every key as JSON.
struct JSON: WorkingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write every key as JSON.",
    discussion: """
      One array of objects, or with --lines an object a line. Bytes that are not UTF-8 are written as \
      {"$base64":"…"}, unless --strings says otherwise. A damaged snapshot never gives a whole document.

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
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try input.open()
    let run = try SnapshotRun(input, reading)
    var options = JSONOptions(writer: run.origin.assumedWriter)
    options.layout = form.lines ? .lines : .array
    options.strings = form.strings
    options.shape = form.shape
    options.meta = form.meta
    let conversion = try Conversion(of: input, to: output, .json, ledger, keys, working)
    let result = try conversion.read(run, to: conversion.output) { [options] destination in
      JSONSink(options, to: destination)
    }
    let ledger = result.summary
    try conversion.finish(ledger, result)
  }
}
