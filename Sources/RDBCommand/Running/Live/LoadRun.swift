import RDB
import RDBAnalysis
import RDBConvert
import RDBFiltering
import RDBFormat
import RDBSupport
import RedisTransfer

/// The work of `rdb load`: reads the input without writing, asks the server what it can hold, then loads.
struct LoadRun {
  private let command: Load
  private let input: RepeatableInput
  private let connector: Connector
  private let filter: FilterOptions?
  private let ending: LedgerEnding

  init(_ command: Load, _ input: InputFile, _ settings: ServerSettings) throws {
    self.command = command
    if command.requireTrailer { try TrailerCheck.require(input) }
    self.input = try RepeatableInput(input)
    connector = try Connector(settings)
    filter = try command.keys.options
    ending = try LedgerEnding(command.ledger, command.keys, command.working, reading: [input])
  }

  /// - Throws: `TransferError` or ``Failure``.
  func run() throws {
    let connection = try connector.connect(to: .master)
    let facts = try connection.facts()
    let canRestore = try RestoreProbe.canRestore(connection)
    let databaseCount = try connection.databaseCount()
    connection.link.close()
    if facts.info.isClusterNode {
      throw Failure(
        .refused, "\(connection.server) is a node of a cluster, and rdb load does not distribute keys over nodes yet",
        hint: "rdb split --nodes nodes.conf writes a snapshot per node, which the nodes load when they start.")
    }
    var options = command.content.options(
      for: facts.version, databaseCount: databaseCount ?? .max, existing: command.existing.existing,
      canRestore: canRestore)
    options.singleDatabase = onlyDatabase != nil
    let survey = try survey(options)
    try refuseLosses(survey.ledger)
    let preflight = try preflight(facts, connection.server, options)
    say(
      "\(connection.server) is \(facts.version.vendor == .valkey ? "Valkey" : "Redis") \(facts.version.major).\(facts.version.minor); "
        + "\(counted(survey.ledger.keysWritten, "key")) to load")
    for warning in preflight.warnings { StandardStreams.writeError("rdb: \(warning)\n") }
    if command.dryRun {
      return try ending.finish(survey.ledger, notes: survey.notes + ["dry run: nothing was loaded"], end: survey.end)
    }
    if command.fixNotifications, let missing = preflight.missingNotifications {
      try connector.connect(to: .master).addNotifications(missing)
      say("added \"\(missing)\" to notify-keyspace-events of the master; CONFIG REWRITE, or its file, makes it last")
    }
    try load(options, survey, facts)
  }

  /// The database of all keys, if the options name one.
  private var onlyDatabase: UInt64? { command.server.chosenDatabase(connector.settings).map { UInt64($0) } }

  // MARK: Before the first write

  private struct Survey {
    var ledger: Ledger
    var notes: [String]
    var end: SnapshotEnd?
  }

  /// Reads the whole input as for the load, but writes nothing.
  private func survey(_ options: RESPOptions) throws -> Survey {
    var result = try SnapshotRun(
      input.first, command.reading, command.keys.damage, findsHyperLogLogs: command.content.trust.untrusted
    ).writeFiltered(by: filter, command.working, output: nil, to: [DiscardingDestination()]) {
      RESPSink(options, to: $0[0])
    }
    result.summary.ledger.merge(result.filtered)
    result.summary.ledger.merge(input.replayLedger)
    if let end = result.end { result.summary.ledger.merge(end.losses) }
    return Survey(
      ledger: result.summary.ledger, notes: result.notes + (result.end?.notes ?? []), end: result.end)
  }

  /// Refuses an input that the server cannot hold as a whole, unless the options allow losses.
  private func refuseLosses(_ ledger: Ledger) throws {
    guard ledger.hasLosses, !command.allowLoss else { return }
    let report = LedgerReport(ledger: ledger, notes: [], isQuiet: command.working.progress.quiet)
    StandardStreams.writeError(report.text)
    throw Failure(
      .losses, "nothing was loaded, because the server would lack what is listed above",
      hint: "--allow-loss loads the rest.")
  }

  /// Compares the needs of the keys with the facts about the server.
  private func preflight(_ facts: ServerFacts, _ server: String, _ options: RESPOptions) throws -> LoadPreflight {
    let model = ServerModel(facts.version)
    let needs = try SnapshotRun(input.again, command.reading, command.keys.damage)
      .foldFiltered(by: filter, command.working) { MemorySink(model, to: LoadNeedsReceiver()) }.summary
    var names: [String] = []
    // Only a server without any module can be refused: of others, the names of types do not tell enough.
    if options.modules == .forward, facts.modules?.isEmpty == true {
      let run = try SnapshotRun(input.again, command.reading, command.keys.damage)
      let origin = run.origin
      let info = try run.foldFiltered(by: filter, command.working) { InfoSink(origin: origin, now: .now) }.summary
      names = info.modules.entries.filter { $0.keys > 0 }.map { "\($0.name)" }
    }
    let preflight = LoadPreflight(facts: facts, server: server, needs: needs, moduleNames: names)
    try preflight.requireModules()
    return preflight
  }

  // MARK: Loading

  private func load(_ options: RESPOptions, _ survey: Survey, _ facts: ServerFacts) throws {
    let journal = try openJournal(options)
    if let journal, journal.isDone {
      return say("\(shown(command.resume ?? "")) says that all \(journal.safeKeyCount) keys are loaded already")
    }
    var sending = command.sending.options(command.existing, facts)
    sending.onlyDatabase = onlyDatabase
    sending.foreignKey = journal?.foreignKey
    let loader = try Loader(connector, sending)
    loader.onReconnect = { say("\($0); connecting again") }
    if let journal { loader.onSafe = { try journal.record(safeKeyCount: $0) } }
    var skipped = journal?.safeKeyCount ?? 0
    if let journal {
      if skipped > 0 { say("going on after \(counted(skipped, "key"))") }
      if journal.hasBegun { try loader.restart(skipping: skipped) }
      try journal.begin()
    }
    while true {
      do {
        try send(options, to: loader, skipping: skipped)
        break
      } catch LoadStop.mustReread(let key) {
        say("the connection was lost inside a large key; reading the input again from key \(key)")
        skipped = key
        try loader.restart(skipping: key)
      } catch {
        loader.abandon()
        var foreignKey: UInt64?
        if case LoadStop.exists(let key) = error { foreignKey = key.ordinal }
        try journal?.stop(safeKeyCount: loader.safeKeyCount, foreignKey: foreignKey)
        throw (error as? LoadStop).map { failure($0, loader) } ?? error
      }
    }
    try journal?.finish(keyCount: loader.safeKeyCount)
    var ledger = survey.ledger
    // A key of several commands, or one that was sent again, can fail more than once.
    var failed: Set<UInt64> = []
    for failure in loader.failures where failed.insert(failure.ordinal).inserted {
      ledger.lose(
        .key, "the server refused \(String(decoding: failure.command, as: UTF8.self)): \(failure.error)",
        key: failure.key, offset: 0)
    }
    ledger.keysWritten -= min(ledger.keysWritten, UInt64(failed.count) + loader.keptKeyCount)
    var notes = survey.notes
    if loader.keptKeyCount > 0 { notes.append("\(counted(loader.keptKeyCount, "key")) existed, kept as before") }
    if loader.expiredKeyCount > 0 { notes.append("\(counted(loader.expiredKeyCount, "key")) expired during the load") }
    if loader.reconnectionCount > 0 {
      notes.append("\(counted(UInt64(loader.reconnectionCount), "lost connection")) made anew")
    }
    try ending.finish(ledger, notes: notes, end: survey.end)
  }

  private func send(_ options: RESPOptions, to loader: Loader, skipping count: UInt64) throws {
    let cutter = KeyCutter(limits: command.sending.unitLimits) { unit in try loader.send(unit) }
    cutter.resume(skipping: count)
    let run = try SnapshotRun(
      input.again, command.reading, command.keys.damage, findsHyperLogLogs: command.content.trust.untrusted)
    _ = try run.writeFiltered(by: filter, command.working, output: nil, to: [cutter]) { RESPSink(options, to: $0[0]) }
    try cutter.finish()
    try loader.finish()
  }

  /// Opens the journal, if the options name one.
  ///
  /// - Throws: ``Failure``, if it is the journal of another load.
  private func openJournal(_ options: RESPOptions) throws -> Journal? {
    guard let path = command.resume else { return nil }
    guard command.keys.expiry.expired == .keep || command.keys.expiry.now != nil else {
      throw Failure(
        .usage, "--resume and --expired without --now contradict each other",
        hint: "Keys expire between two runs, and would be counted differently. --now fixes the time.")
    }
    guard let input = try? FileSource(path: command.input.dump), input.canSeek else {
      throw Failure(.usage, "--resume needs a file as input", hint: "Write standard input or a folder to a file first.")
    }
    do {
      let identity = try JournalIdentity(
        input: input.descriptor, options: command.textForJournal(options), target: "\(connector.settings.address)")
      return try Journal(path: path, identity: identity)
    } catch let error as JournalError {
      throw Failure(.usage, "\(shown(path)): \(error)", hint: "Name another file, or load with the options of before.")
    } catch {
      throw RDBError.transfer("open", error, at: 0).failure(in: shown(path))
    }
  }

  private func failure(_ stop: LoadStop, _ loader: Loader) -> Failure {
    let safe = "\(counted(loader.safeKeyCount, "key")) loaded so far"
    switch stop {
    case .refused(let failure):
      return Failure(
        failure.error.remedy == .changingCredentials ? .noPermission : .refused,
        "the server refused \(String(decoding: failure.command, as: UTF8.self)) of \(name(failure)): "
          + "\(printable(failure.error.words, limit: 512)); \(safe)",
        hint: failure.error.hint ?? "--on-error skip leaves out such keys, and lists them.")
    case .exists(let failure):
      return Failure(
        .refused, "the server has \(name(failure)) already; \(safe)",
        hint: "--replace replaces what exists, --nx keeps it.")
    case .databaseRefused(let database, let error):
      return Failure(
        .refused, "the server has no database \(database): \(printable(error.words, limit: 512)); \(safe)",
        hint: "--db-map \(database):0 loads its keys into another one.")
    case .mustReread(let key): return Failure(.bug, "the input was not read again from key \(key)")
    case .tooFewReplicas(let count):
      return Failure(
        .refused, "only \(count) replicas confirmed the keys within 10 s; \(safe)",
        hint: "Look at the replicas, or load with --wait-replicas \(count).")
    }
  }

  private func name(_ failure: SentUnits.Failure) -> String {
    let what = failure.subject == .key ? "key" : failure.subject == .script ? "script" : "function library"
    return "\(what) \(printable(failure.key)) in database \(failure.database)"
  }

  private func say(_ text: String) { command.working.progress.say(text) }
}

extension SendingArguments {
  /// The sizes of units, which are at most a tenth of what may be sent in a second.
  fileprivate var unitLimits: KeyCutter.Limits {
    var limits = KeyCutter.Limits()
    if let maxRate { limits.byteCount = min(limits.byteCount, Int(clamping: max(maxRate.byteCount / 10, 1))) }
    if let maxKeys { limits.commandCount = min(limits.commandCount, Int(clamping: max(maxKeys / 10, 1))) }
    return limits
  }

  /// Returns the options of a loader.
  fileprivate func options(_ existing: ExistingKeyArguments, _ facts: ServerFacts) -> LoadOptions {
    var options = LoadOptions()
    options.connectionCount = connections
    options.onError = onError == .skip ? .skip : .stop
    options.existingKeys = existing.replace ? .replaced : existing.nx ? .kept : .refused
    options.replicaCount = waitReplicas ?? Int(min(facts.info.replicaCount ?? 0, 1))
    options.bytesPerSecond = maxRate?.byteCount
    options.keysPerSecond = maxKeys
    return options
  }
}
