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
  private let settings: ServerSettings
  private let ending: LedgerEnding

  init(_ command: Load, _ input: InputFile, _ settings: ServerSettings) throws {
    self.command = command
    if command.requireTrailer { try TrailerCheck.require(input) }
    self.input = try RepeatableInput(input)
    self.settings = settings
    ending = try LedgerEnding(command.ledger, command.keys, command.working, reading: [input])
  }

  /// - Throws: `TransferError` or ``Failure``.
  func run() throws {
    try LiveProgress.begin(command.reporting)
    let target = try LoadTarget(settings)
    try target.refuseClusterNode()
    let reading = LoadReading(
      reader: command.reading.readerOptions(
        command.keys.damage, findsHyperLogLogs: command.content.trust.untrusted),
      filter: try command.keys.options,
      sink: target.sinkOptions(command.content, command.existing, only: onlyDatabase),
      limits: target.unitLimits(command.sending), working: command.working)
    // Before the input is read, and before any write: a wrong journal ends the command at once.
    let journal = command.dryRun ? nil : try openJournal(reading.sink)
    // Only a server with a memory limit needs an estimate.
    let isLimited = target.masters.contains { $0.facts.info.memoryLimit != nil }
    let model = isLimited ? ServerModel(target.facts.version) : nil
    let direct = try DirectLoad(input.first, command, reading, model)
    let survey = try direct?.result ?? survey(reading)
    if let count = direct.map(\.unsealedCommandCount) ?? input.first.replayed?.unsealedCommandCount {
      let risk = "a cut between two commands would go unnoticed"
      say("\(input.first.shownName): \(counted(count, "command")) and no trailer; \(risk)")
    }
    try refuseLosses(survey.ledger)
    let preflight = try direct == nil ? preflight(target, reading, survey, model) : LoadPreflight(target, survey.needs)
    say("\(target.server) is \(target.release); \(counted(survey.ledger.keysWritten, "key")) to load")
    for warning in preflight.warnings { StandardStreams.writeError("rdb: \(warning)\n") }
    if command.dryRun {
      return try ending.finish(
        survey.ledger, notes: survey.notes + ["dry run: nothing was loaded"], end: survey.end, isDryRun: true)
    }
    if command.fixNotifications {
      try target.addNotifications(to: preflight.nodesWithoutNotifications, command.working.progress)
    }
    try load(reading, direct, survey, target, journal)
  }

  /// The database of all keys, if the options name one.
  private var onlyDatabase: UInt64? { command.server.chosenDatabase(settings).map { UInt64($0) } }

  // MARK: Before the first write

  /// Reads the whole input as for the load, but writes nothing.
  private func survey(_ reading: LoadReading) throws -> LoadReading.Result {
    var result = try reading.survey(input.first)
    result.ledger.merge(input.replayLedger)
    return result
  }

  /// Refuses an input that the server cannot hold as a whole, unless the options allow losses.
  private func refuseLosses(_ ledger: Ledger) throws {
    guard ledger.hasLosses, !command.allowLoss else { return }
    let report = LedgerReport(ledger: ledger, notes: [], isQuiet: command.working.progress.quiet)
    StandardStreams.writeError(report.text)
    throw Failure(
      .damaged, "nothing was loaded, because the server would lack what is listed above",
      hint: "--allow-loss loads the rest.")
  }

  /// Compares the needs of the keys with the facts about the server.
  ///
  /// - Parameter model: The model that estimates the memory of the keys; `nil`: nothing depends on it.
  private func preflight(
    _ target: LoadTarget, _ reading: LoadReading, _ survey: LoadReading.Result, _ model: ServerModel?
  ) throws -> LoadPreflight {
    var needs = survey.needs
    if let model {
      needs.memoryByteCount = try SnapshotRun(input.again, command.reading, command.keys.damage)
        .foldFiltered(by: reading.filter, command.working) { MemorySink(model, to: MemorySumReceiver()) }.summary.value
    }
    var names: [String] = []
    // Only a server without any module can be refused: of others, the names of types do not tell enough.
    if needs.moduleValueCount > 0, reading.sink.modules == .forward,
      target.masters.contains(where: { $0.facts.modules?.isEmpty == true })
    {
      let run = try SnapshotRun(input.again, command.reading, command.keys.damage)
      let origin = run.origin
      let info = try run.foldFiltered(by: reading.filter, command.working) { InfoSink(origin: origin, now: .now) }
        .summary
      names = info.modules.entries.filter { $0.keys > 0 }.map { "\($0.name)" }
    }
    let preflight = LoadPreflight(target, needs, moduleNames: names)
    try preflight.requireModules()
    return preflight
  }

  // MARK: Loading

  private func load(
    _ reading: LoadReading, _ direct: DirectLoad?, _ survey: LoadReading.Result, _ target: LoadTarget,
    _ journal: Journal?
  ) throws {
    let loader = try loader(target)
    if let journal, journal.isDone, loader.hasKeys(of: journal.servers) {
      loader.abandon()
      let name = shown(command.resume ?? "")
      say(
        "\(name) says that all \(journal.safeKeyCount) keys are loaded already; rdb verify tells whether they still are"
      )
      return try requireNoEarlierLosses(journal)
    }
    loader.onReconnect = { say("\($0); connecting again") }
    let earlierLosses = journal?.lostKeyCount ?? 0
    let interruption = LoadInterruption()
    interruption.begin()
    defer { interruption.end() }
    loader.onSafe = { [unowned loader] count in
      LiveProgress.update { $0.keyCount = count }
      if let journal {
        try journaling {
          try journal.record(
            safeKeyCount: count, sentBefore: loader.sentEnd, lostKeyCount: earlierLosses + loader.refusedKeyCount)
        }
      }
      try interruption.check()
    }
    var skipped = try resume(journal, loader)
    let restarted =
      target.topology == nil
      ? "the server was started anew" : "a master was started anew, or replaced by no replica of it"
    var rereadKey: UInt64?
    while true {
      do {
        if let key = rereadKey {
          rereadKey = nil
          skipped = try loader.restart(skipping: key, sentBefore: 0)
          if let journal { try journaling { try journal.begin(at: loader.serverProcesses, safeKeyCount: skipped) } }
        }
        if let direct {
          try direct.send(to: loader, skipping: skipped)
        } else {
          try reading.send(input.again, to: loader, skipping: skipped)
        }
        break
      } catch LoadStop.mustReread(let key) {
        say(
          loader.hasServerRestarted
            ? "\(restarted), and may have lost keys; sending all keys again from the first one"
            : "a key that is too large to be kept in memory was interrupted; reading the input again from key \(key)")
        rereadKey = key
      } catch {
        loader.abandon()
        try? journal?.stop(
          safeKeyCount: loader.safeKeyCount, sentBefore: loader.sentEnd,
          lostKeyCount: earlierLosses + loader.refusedKeyCount)
        if error is LoadInterruption.Stop {
          LoadInterruption.exit(after: loader.safeKeyCount, hasJournal: journal != nil)
        }
        if let error = error as? JournalFailure { throw error.failure }
        throw (error as? LoadStop)?.failure(after: loader.safeKeyCount) ?? error
      }
    }
    do {
      try journal?.finish(keyCount: loader.safeKeyCount, lostKeyCount: earlierLosses + loader.refusedKeyCount)
    } catch {
      throw journalFailure(error).failure
    }
    var ledger = survey.ledger
    var notes = loader.account(in: &ledger)
    let replicaCount = UInt64(
      clamping: target.loadOptions(command.sending, command.existing, only: onlyDatabase).replicaCount)
    if replicaCount > 0 { notes.append("confirmed by \(counted(replicaCount, "replica")) (WAIT)") }
    try ending.finish(ledger, notes: survey.notes + notes, end: survey.end)
    if let journal, earlierLosses > 0 { try requireNoEarlierLosses(journal) }
  }

  private func loader(_ target: LoadTarget) throws -> any KeyLoader {
    let options = target.loadOptions(command.sending, command.existing, only: onlyDatabase)
    do { return try target.loader(options) } catch let stop as LoadStop { throw stop.failure(after: 0) }
  }

  /// Goes on where an earlier load ended.
  ///
  /// - Returns: The number of keys that are safe already.
  private func resume(_ journal: Journal?, _ loader: any KeyLoader) throws -> UInt64 {
    guard let journal else { return 0 }
    var skipped = journal.safeKeyCount
    if !loader.hasKeys(of: journal.servers) {
      say("the server was started anew since the last run and may have lost keys; sending all keys again")
      skipped = 0
    }
    if skipped > 0 { say("going on after \(counted(skipped, "key"))") }
    do {
      if journal.hasBegun { skipped = try loader.restart(skipping: skipped, sentBefore: journal.sentEnd) }
      try journaling { try journal.begin(at: loader.serverProcesses, safeKeyCount: skipped) }
    } catch let error as JournalFailure {
      throw error.failure
    } catch let stop as LoadStop {
      throw stop.failure(after: 0)
    }
    return skipped
  }

  /// Ends with the exit code of losses if a run before this one skipped keys.
  private func requireNoEarlierLosses(_ journal: Journal) throws {
    guard journal.lostKeyCount > 0 else { return }
    throw Failure(
      .losses,
      "the server refused \(counted(journal.lostKeyCount, "key")) of this load; the run that skipped a key lists it",
      hint:
        "Load the input once more, without the journal and with --nx: the keys that are missing are then tried again.")
  }

  /// Runs `body`, which writes the journal.
  ///
  /// - Throws: ``JournalFailure``.
  private func journaling(_ body: () throws -> Void) throws(JournalFailure) {
    do { try body() } catch { throw journalFailure(error) }
  }

  private func journalFailure(_ error: any Error) -> JournalFailure {
    JournalFailure(failure: RDBError.transfer("write", error, at: 0).failure(in: shown(command.resume ?? "")))
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
        input: input.descriptor, options: command.textForJournal(options), target: "\(settings.address)")
      return try Journal(path: path, identity: identity)
    } catch let error as JournalError {
      throw Failure(
        .usage, "\(shown(path)): \(error)",
        hint: "Use another journal, or repeat the options of the load that wrote this one.")
    } catch {
      throw RDBError.transfer("open", error, at: 0).failure(in: shown(path))
    }
  }

  private func say(_ text: String) { command.working.progress.say(text) }
}

/// The journal of a load cannot be written.
struct JournalFailure: EndOfTransfer {
  let failure: Failure
}
