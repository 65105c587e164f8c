import ArgumentParser
import RDB
import RDBFiltering
import RedisTransfer

/// `rdb migrate`: moves the keys of a live server into another one, and compares both.
struct Migrate: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Move the keys of a live server into another one, and compare both.",
    discussion: """
      Both servers are asked first whether the move can succeed. The source then sends its snapshot, as to a new replica, \
      and its keys go on to the target as they arrive; each appears there only when it is complete. At the end both \
      servers are compared. With --follow, what is written to the source meanwhile is applied too, until Ctrl-C. If the \
      command is interrupted while it follows, give it again: it goes on where it was. If it is interrupted earlier, add \
      --replace. Standard output gets a summary of one page. Passwords belong in RDB_FROM_AUTH and RDB_TO_AUTH.

      Exit code: 0 if all keys have arrived, 1 if the servers differ, 3 if some data was left out under --allow-loss or \
      --on-error skip, 65 if the target cannot hold all data.

      Examples:
        rdb migrate --from redis://old --to redis-sentinel://s1,s2,s3/mymaster
        rdb migrate --from redis://old --to redis://new --dry-run
        rdb migrate --from redis://old --to redis://new --follow --pause-source
        rdb migrate --from-host old --from-port 6380 --to rediss://new --to-cacert ca.pem --replace
      """,
    helpNames: .long)

  @OptionGroup(title: "Source") var source: ServerArguments<SourceServer>
  @OptionGroup(title: "Target") var target: ServerArguments<TargetServer>
  @OptionGroup(title: "Connection") var link: LinkArguments
  @OptionGroup(title: "Reading the source") var reading: SourceReadingArguments
  @OptionGroup(title: "Following") var following: FollowArguments
  @OptionGroup(title: "Loading") var existing: ExistingKeyArguments
  @OptionGroup(title: "Loading") var content: LoadedContentArguments
  @OptionGroup(title: "Sending") var sending: SendingArguments

  @Flag(help: "Ask both servers whether the move can succeed, but move nothing.")
  var dryRun = false

  @Flag(help: "Move what the target can hold, and list the rest as lost.")
  var allowLoss = false

  @Flag(help: "Add the events of the source, and those of Spring, to notify-keyspace-events of the target's nodes.")
  var fixNotifications = false

  @OptionGroup(title: "Comparing") var comparing: MigrationComparisonArguments

  @Option(
    help: ArgumentHelp("Write the summary to this file too, as JSON.", valueName: "file"), completion: .file())
  var summary: String?

  @OptionGroup var keys: KeyArgumentGroup<LiveNames>
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Working") var reporting: LiveProgressArguments
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    guard source.isGiven else { throw ValidationError("Give the source: --from redis://host:6379.") }
    guard target.isGiven else { throw ValidationError("Give the target: --to redis://host:6379.") }
    try validateFollowing()
    guard !comparing.noVerify else { return }
    let changing = [
      (keys.expiry.ttlShift != nil, "--ttl-shift"), (keys.expiry.noExpire, "--no-expire"),
      (keys.filter.limit != nil, "--limit"),
    ]
    if let option = changing.first(where: \.0)?.1 {
      throw ValidationError("With \(option), the servers are not equal at the end: give --no-verify too.")
    }
  }

  /// Refuses options that commands of the source cannot follow.
  private func validateFollowing() throws {
    guard following.follow else { return }
    let (filter, expiry) = (keys.filter, keys.expiry)
    let others: [(Bool, String)] = [
      (reading.scan, "--scan"), (existing.nx, "--nx"), (!filter.key.isEmpty, "--key"),
      (!filter.noKey.isEmpty, "--no-key"), (!filter.pattern.isEmpty, "--pattern"), (!filter.type.isEmpty, "--type"),
      (!filter.noType.isEmpty, "--no-type"), (filter.expire != nil, "--expire"), (filter.limit != nil, "--limit"),
      (expiry.expired != .keep, "--expired"), (expiry.ttlShift != nil, "--ttl-shift"),
      (expiry.noExpire, "--no-expire"), (keys.damage.skipDamaged, "--skip-damaged"),
    ]
    if let option = others.first(where: \.0)?.1 {
      throw ValidationError("--follow applies all commands of the source: leave out \(option).")
    }
  }

  func run() throws {
    var from = try source.settings(link)
    let to = try target.settings(link)
    let sourceDatabase = source.chosenDatabase(from)
    let targetDatabase = target.chosenDatabase(to)
    from.address.database = 0
    try MigrationRun(self, from: from, sourceDatabase, to: to, targetDatabase).run()
  }

  /// The filter of the source's keys; `nil`: all pass.
  ///
  /// - Parameter database: The only database to read; `nil`: all.
  func filter(only database: Int32?) throws -> FilterOptions? {
    guard let database else { return try keys.options }
    var options = FilterOptions(now: try keys.expiry.present)
    if let given = try keys.options { options = given }
    if !options.databases.isEmpty {
      throw Failure(
        .usage, "--db and the database of the source contradict each other",
        hint: "Leave the database out of --from, or leave out --db.")
    }
    options.databases = [UInt64(database)]
    return options
  }
}

/// The options about reading the source of a migration.
struct SourceReadingArguments: ParsableArguments {
  @Flag(help: "Read by SCAN and DUMP, for servers that refuse a synchronisation: not one point in time.")
  var scan = false

  @Flag(help: "Read from a master even if sentinels will list this client as a replica.")
  var allowSentinelEntry = false

  @Option(
    help: ArgumentHelp(
      "Keep at most this much on disk of what the target has not taken yet. Default: half of the free space.",
      valueName: "size"))
  var spoolMax: ByteSize?

  @Option(
    help: ArgumentHelp("Keep it in this folder. Default: TMPDIR, else /tmp.", valueName: "folder"),
    completion: .directory)
  var spoolDir: String?

  func validate() throws {
    if scan, allowSentinelEntry {
      throw ValidationError("--scan needs no entry in the lists of sentinels: leave out --allow-sentinel-entry.")
    }
  }
}

/// The options about the comparison at the end of a migration.
struct MigrationComparisonArguments: ParsableArguments {
  @Flag(help: "Do not compare the servers at the end.")
  var noVerify = false

  @Option(help: ArgumentHelp("Accept expiries that differ by at most this time.", valueName: "duration"))
  var ttlTolerance = Timeout(.milliseconds(1))
}
