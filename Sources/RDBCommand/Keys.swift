import ArgumentParser
import RDB
import RDBConvert

/// `rdb keys`: the names of all keys.
struct Keys: WorkingCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the names of the keys, one a line.",
    discussion: """
      In file order, without decoding a value. Bytes other than printable ASCII are escaped as redis-cli \
      does it: \\n, \\xff, \\\\, \\\".

      Examples:
        rdb keys dump.rdb | wc -l
        rdb keys dump.rdb -n 3 -t zset --pattern 'user:*'
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try input.open()
    let run = try SnapshotRun(input, reading)
    // Names are all there is to write: nothing can be lost.
    let conversion = try Conversion(of: input, to: output, try LedgerOptions.parse([]), keys, working)
    let result = try conversion.read(run, to: conversion.output) { destination in
      KeyNamesSink(to: destination)
    }
    let ledger = result.summaries.dropFirst().reduce(into: result.summaries[0]) { $0.merge($1) }
    try conversion.finish(ledger, result)
  }
}
