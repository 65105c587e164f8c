import RDB
import RDBConvert
import RDBEdit
import RDBFormat
import RDBSupport
import RedisTransfer

/// The work of `rdb migrate`: asks both servers, moves the keys, compares, and sums up.
struct MigrationRun {
  /// The number of times that the keys are read from the beginning. More of them would make the source save again and
  /// again.
  private static let attemptLimit = 3

  let command: Migrate
  let from: ServerSettings
  let to: ServerSettings
  /// The only database that is read; `nil`: all.
  let sourceDatabase: Int32?
  /// The database that all keys go to; `nil`: their own.
  let targetDatabase: Int32?
  private let ending: LedgerEnding
  private let summaryFile: OutputFile?

  /// - Throws: ``Failure``.
  init(
    _ command: Migrate, from: ServerSettings, _ sourceDatabase: Int32?, to: ServerSettings, _ targetDatabase: Int32?
  ) throws {
    (self.command, self.from, self.to) = (command, from, to)
    (self.sourceDatabase, self.targetDatabase) = (sourceDatabase, targetDatabase)
    try from.refuseCluster(
      hint: "rdb load \(from.address) -u \(to.address) copies its keys, read one after another.")
    if case .cluster = to.address.target, command.following.follow {
      throw Failure(
        .usage, "\(to.address): --follow into a cluster is not possible",
        hint: "Without --follow, the keys are moved once: stop what writes to the source first.")
    }
    _ = try command.filter(only: sourceDatabase)
    ending = try LedgerEnding(command.ledger, command.keys, command.working, reading: [])
    summaryFile = try command.summary.map { try OutputFile(path: $0, keepsPartial: false, inputs: [], form: .json) }
  }

  /// - Throws: `TransferError` or ``Failure``.
  func run() throws {
    try LiveProgress.begin(command.reporting)
    let start = monotonicSeconds
    let source = try MigrationSource(from)
    let target = try LoadTarget(to)
    let preflight = try MigrationPreflight(source, target, command, from: sourceDatabase, to: targetDatabase)
    let position = command.following.follow ? try storedPosition(preflight) : nil
    try preflight.require(isResumed: position != nil)
    say(
      "\(source.server) is \(source.facts.version.shownRelease), with \(counted(preflight.sourceKeyCount, "key")); "
        + "\(target.server) is \(target.release)")
    for warning in preflight.warnings { StandardStreams.writeError("rdb: \(warning)\n") }
    var summary = MigrationSummary(preflight, start: UnixMilliseconds.now)
    if command.dryRun {
      summary.nextSteps.append("Nothing was moved: the same command without --dry-run does it.")
      return try finish(summary, end: nil)
    }
    if command.fixNotifications {
      try target.addNotifications(to: preflight.nodesWithoutNotifications, command.working.progress)
    }
    let moved = try move(preflight, from: position, into: &summary)
    defer { _ = moved.following?.pause?.end() }
    if !command.comparing.noVerify { try compare(preflight, into: &summary) }
    if let loss = moved.following?.pause?.end() {
      summary.warnings.append("the pause of the source was interrupted, and writes may have passed: \(loss)")
    }
    summary.seconds = monotonicSeconds - start
    try finish(summary, end: moved.end)
  }

  /// What was moved.
  private struct Moved {
    /// The end of the snapshot; `nil` if a migration went on without one.
    var end: SnapshotEnd?
    /// The following; `nil` without `--follow`.
    var following: MigrationFollowing.Result?
  }

  // MARK: Moving

  /// Moves all keys, from the beginning again if a connection is lost where nothing else helps.
  private func move(
    _ preflight: MigrationPreflight, from stored: StreamPosition?, into summary: inout MigrationSummary
  ) throws -> Moved {
    var position = stored
    // By SCAN, a key can come twice. Into an empty target, all keys are ours.
    var replaces = command.existing.replace || command.reading.scan && preflight.targetKeyCount == 0
    while true {
      let reason: String
      do {
        return try moveOnce(preflight, from: position, replaces: replaces, into: &summary)
      } catch let loss as SourceLoss {
        guard loss.error.canRetry, summary.attemptCount < Self.attemptLimit else { throw loss.error }
        reason = "\(loss.error)"
      } catch let stop as FollowStop {
        guard let text = stop.reasonToBeginAnew, summary.attemptCount < Self.attemptLimit else { throw stop.failure }
        reason = text
      } catch LoadStop.mustReread {
        guard summary.attemptCount < Self.attemptLimit else {
          throw Failure(
            .unreachable, "the connection to the target was lost \(Self.attemptLimit) times inside of large keys")
        }
        reason = "the connection to the target was lost inside a key that is too large to be kept in memory"
      }
      guard replaces || preflight.targetKeyCount == 0 else {
        throw Failure(
          .unreachable, "\(reason); \(counted(summary.safeKeyCount, "key")) loaded so far",
          hint: "The target had keys before, so that they cannot be told from the moved ones. --replace begins anew.")
      }
      say("\(reason); beginning anew with a new snapshot, whose keys replace those that were moved")
      replaces = true
      position = nil
    }
  }

  private func moveOnce(
    _ preflight: MigrationPreflight, from position: StreamPosition?, replaces: Bool,
    into summary: inout MigrationSummary
  ) throws -> Moved {
    summary.attemptCount += 1
    let progress = command.working.progress
    let source = try preflight.source.open(command, only: sourceDatabase, from: position) { error in
      progress.say("\(error); trying again")
    }
    defer { summary.isEntered = summary.isEntered || source.isEntered }
    var moved = Moved()
    if let position {
      say("going on from offset \(position.offset), where an earlier migration ended")
      summary.resumedOffset = position.offset
    } else {
      moved.end = try load(source, preflight.target, replaces: replaces, into: &summary)
      summary.resumedOffset = nil
    }
    guard let followed = source.followed else { return moved }
    do {
      let following = try MigrationFollowing(command, from: from, followed, to: to, followOptions(preflight))
      moved.following = try following.run()
    } catch let error as SpoolError {
      throw SpoolFailure(error: error).failure
    }
    if let following = moved.following { summary.take(following) }
    return moved
  }

  /// Loads a snapshot.
  private func load(
    _ source: MigrationSource.Opened, _ target: LoadTarget, replaces: Bool, into summary: inout MigrationSummary
  ) throws -> SnapshotEnd? {
    let existing = command.existing.replacing(replaces)
    let only = targetDatabase.map { UInt64($0) }
    let loader = try target.loader(target.loadOptions(command.sending, existing, only: only))
    loader.onReconnect = { error in
      LiveProgress.update { $0.attemptCount += 1 }
      say("\(error); connecting again")
    }
    loader.onSafe = { count in LiveProgress.update { $0.keyCount = count } }
    say(
      source.scan == nil
        ? "\(source.server) sends its snapshot" : "the keys are read one after another, not at one point in time")
    let start = monotonicSeconds
    defer {
      summary.loadSeconds = monotonicSeconds - start
      summary.add(loader)
      summary.byteCount = source.counter.value
    }
    do {
      let result = try reading(target, existing).send(source.input, to: loader)
      summary.take(result, of: loader)
      if let scan = source.scan { summary.notes += scan.notes }
      try refuseLosses(result.ledger, loader)
      return result.end
    } catch {
      loader.abandon()
      switch error {
      case let losses as FirstLosses: try refuseLosses(losses.ledger, loader)
      case let spool as SpoolFailure: throw spool.failure
      case LoadStop.mustReread: throw error
      case let stop as LoadStop: throw stop.failure(after: loader.safeKeyCount)
      default: break
      }
      throw error
    }
  }

  private func reading(_ target: LoadTarget, _ existing: ExistingKeyArguments) throws -> LoadReading {
    var reader = RDBReader.Options()
    reader.parser.findsHyperLogLogs = command.content.trust.untrusted
    reader.skipsDamagedKeys = command.keys.damage.skipDamaged
    var sink = target.sinkOptions(command.content, existing, only: targetDatabase.map { UInt64($0) })
    sink.stopsAtLoss = !command.allowLoss
    return LoadReading(
      reader: reader, filter: try command.filter(only: sourceDatabase), sink: sink,
      limits: target.unitLimits(command.sending), working: command.working)
  }

  /// Ends the migration at the first loss, unless the options allow losses.
  private func refuseLosses(_ ledger: Ledger, _ loader: any KeyLoader) throws {
    guard ledger.hasLosses, !command.allowLoss else { return }
    StandardStreams.writeError(LedgerReport(ledger: ledger, notes: [], isQuiet: true).text)
    throw Failure(
      .damaged, "the target would lack what is listed above; \(counted(loader.safeKeyCount, "key")) loaded so far",
      hint: "--allow-loss goes on, and lists at the end what is lost. With --replace, the keys so far are loaded again."
    )
  }

  // MARK: Comparing

  private func compare(_ preflight: MigrationPreflight, into summary: inout MigrationSummary) throws {
    say("comparing both servers")
    let verdict = try MigrationComparison(
      command: command, source: from, target: to, sourceDatabase: sourceDatabase, targetDatabase: targetDatabase,
      ignoresAdded: preflight.targetKeyCount > 0
    ).run()
    summary.verdict = verdict
    guard verdict.counts.differing > 0 else { return }
    let before = preflight.source.facts.info.changeCount
    let now = try Connector(from).reconnect(to: .any).facts().info.changeCount
    summary.sourceChanged = before != nil && now != before
  }

  // MARK: Ending

  /// Writes the summary and the ledger, and chooses the exit code.
  private func finish(_ summary: MigrationSummary, end: SnapshotEnd?) throws {
    var summary = summary
    summary.addNextSteps(of: command)
    let text = Array(summary.text.utf8)
    let output = try OutputFile(path: "-", keepsPartial: false, inputs: [], form: .lines)
    try output.writeWhole(text)
    try summaryFile?.writeWhole(try jsonDocument(MigrationDocument(summary)))
    guard !command.dryRun else { return }
    try ending.finish(summary.ledger, notes: summary.notes, end: end)
    if let verdict = summary.verdict, verdict.counts.differing > 0 { throw Failure(.nothingMatched, nil) }
  }

  private func say(_ text: String) { command.working.progress.say(text) }
}

extension ExistingKeyArguments {
  /// Returns the options for a repetition that replaces the keys of the first attempt.
  fileprivate func replacing(_ replaces: Bool) -> ExistingKeyArguments {
    guard replaces else { return self }
    var copy = self
    (copy.replace, copy.nx, copy.failIfExists) = (true, false, false)
    return copy
  }
}
