import ArgumentParser
import RDB
import RDBAnalysis
import RDBEdit
import RDBFiltering
import RDBFormat
import RDBSupport
import RedisTransfer

/// `rdb verify`: compares an input with a live server, key by key.
struct Verify: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare an input with a live server, key by key.",
    discussion: """
      Shows keys that the server lacks (-), has with other content (~), or has in addition (+). Values are compared by \
      their data, so the server may be of another version. The server is read by SCAN and DUMP, not at one point in \
      time: keys that clients change meanwhile differ. Keys of the input that expired meanwhile are counted apart.

      Exit code: 0 if the server has all keys of the input and no others, 1 if not.

      Examples:
        rdb verify dump.rdb --against redis://redis.example
        rdb verify dump.rdb --against redis://redis.example --extra ignore --ttl-tolerance 1s
        rdb verify dump.rdb --against redis://redis.example --sample 1%
        rdb verify redis://old --against redis-sentinel://s1,s2,s3/mymaster
      """)

  /// What becomes of keys that only the server has.
  enum Extra: String, CaseIterable, ExpressibleByArgument { case report, ignore }

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Server") var server: ServerArguments<ComparedServer>
  @OptionGroup(title: "Connection") var link: LinkArguments

  @Option(help: ArgumentHelp("Accept expiries that differ by at most this time.", valueName: "duration"))
  var ttlTolerance = Timeout(.milliseconds(1))

  @Option(help: ArgumentHelp("Report keys that only the server has, or ignore them.", valueName: "how"))
  var extra = Extra.report

  @Option(
    help: ArgumentHelp(
      "Compare only this part of the keys, chosen by the hash of their names: the same ones each time.",
      valueName: "percent"))
  var sample: SampleShare?

  @Flag(help: "Read the server by a synchronisation, at one point in time, not by SCAN.")
  var sync = false

  @Flag(help: "Report which keys differ, not what differs inside.")
  var keysOnly = false

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var form: TableArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    guard server.isGiven else { throw ValidationError("Give the server: --against redis://host:6379.") }
  }

  func run() throws {
    if extra == .report {
      try reading.refusePart("keys of other parts are no extra keys of the server: see --extra ignore")
    }
    var settings = try server.settings(link)
    let number = server.chosenDatabase(settings)
    if number != nil, sync {
      throw Failure(.usage, "--sync reads all databases, not one", hint: "Leave out --sync, or the database.")
    }
    settings.address.database = 0
    var options = ComparisonOptions()
    options.expiryTolerance = ttlTolerance.duration.nanoseconds / 1_000_000
    options.ignoresAdded = extra == .ignore
    options.database = number.map { UInt64($0) }
    options.keysOnly = keysOnly
    options.workers = working.threads.count
    let first =
      InputFile.isAddress(input.dump)
      ? try ComparedInput(keeping: .server(input.dump, besideServer: true))
      : try ComparedInput(input.dump, reading, now: try keys.expiry.present)
    let end =
      try sync
      ? ServerEndOfComparison(synchronised: settings)
      : ServerEndOfComparison(scanning: settings, only: number, sample: sample?.sample)
    let run = try ComparisonRun(
      [first, try ComparedInput(keeping: end.input)], options, keys, reading, working, sample: sample?.sample)
    run.expiredBy = { end.time }
    let output = try OutputFile(
      path: output.output, keepsPartial: output.keepPartial, inputs: run.identities, indexes: run.indexes,
      form: form.form.onTerminal)
    let differs = try run.compare(to: output, form, top: 0) {
      PrefixGrowth(KeyReports.Options(reference: .now).prefix, template: nil)
    }
    if !working.progress.quiet {
      let part = sample.map { "\($0.text) of the keys: " } ?? ""
      StandardStreams.writeError((end.notes + [part + run.counts.text]).map { "rdb: \($0)\n" }.joined())
    }
    if run.keyCount == 0, keys.chooses {
      throw Failure(.nothingMatched, working.progress.quiet ? nil : "no key matched")
    }
    if differs, !InputLosses.wereReported { throw Failure(.nothingMatched, nil) }
  }
}
