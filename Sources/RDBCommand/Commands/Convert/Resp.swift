import ArgumentParser
import RDB
import RDBConvert
import RDBFiltering

/// `rdb resp`: writes the commands that rebuild every key.
struct Resp: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "resp",
    abstract: "Write the commands that rebuild every key on a server.",
    discussion: """
      The output is input for redis-cli --pipe, and a valid append-only file. Expiries are absolute.

      Examples:
        rdb resp dump.rdb | redis-cli --pipe
        rdb resp dump.rdb --target 6.2 --replace -o dump.resp
        rdb resp dump.rdb -k '^user:' --db-map 0:3 --restore auto -o users.resp
        rdb resp backup.rdb.gz --trailer -o dump.resp && rdb check dump.resp
      """)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Target") var target: TargetArguments
  @OptionGroup(title: "Loading") var loading: LoadingArguments
  @OptionGroup(title: "Trust") var trust: TrustArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws { try trust.validate(target, loading) }

  func run() throws {
    let input = try reading.open(input, now: try keys.expiry.present)
    let run = try SnapshotRun(input, reading, keys.damage, findsHyperLogLogs: trust.untrusted)
    let options = options(for: run.origin)
    let conversion = try Conversion(of: input, to: output, .lines, ledger, keys, working)
    let trailer = loading.trailer ? TrailingDestination(to: conversion.output) : nil
    let result = try conversion.read(run, to: trailer ?? conversion.output) { destination in
      RESPSink(options, to: destination)
    }
    let summary = result.summary
    try conversion.finish(summary.ledger, result) {
      try trailer?.writeTrailer(summary)
    }
  }

  private func options(for origin: SnapshotOrigin) -> RESPOptions {
    var options = RESPOptions(
      target: target.target?.version ?? origin.assumedWriter)
    options.databaseMap = loading.databaseMap
    options.singleDatabase = loading.singleDb
    options.databaseCount = loading.databases
    options.existing = loading.replace ? .replace : loading.nx ? .keep : .merge
    options.functions = loading.functions ?? (trust.untrusted ? .skip : loading.replace ? .replace : .append)
    options.modules = loading.modules ?? (trust.untrusted ? .skip : .forward)
    options.scripts = loading.scripts ?? (trust.untrusted ? .skip : .note)
    options.restore = target.restore ?? .never
    options.validatesRestored = !trust.trust
    options.refusesFindings = trust.untrusted
    options.restoreLimit = target.restoreMax.byteCount
    options.bulkLimit = target.maxBulk.byteCount
    options.commandElementCount = target.batch
    options.commandByteCount = Int(clamping: target.batchBytes.byteCount)
    return options
  }
}
