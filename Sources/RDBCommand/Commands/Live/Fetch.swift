import ArgumentParser
import RedisTransfer

/// `rdb fetch`: has a live server send its snapshot, and stores it.
struct Fetch: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Have a live server send its snapshot, and store it.",
    discussion: """
      The server sends its data as to a new replica, at one point in time. The file appears when it is complete and its \
      checksum is right. Of servers that sentinels watch, a replica is asked, because sentinels would take a client of \
      the master for another replica.

      Examples:
        rdb fetch -h redis.example -o dump.rdb
        rdb fetch -u redis-sentinel://s1:26379,s2:26379/mymaster --pass-file secret -o dump.rdb
        rdb fetch -h redis.example --scan -n 3 -o db3.rdb
        REDISCLI_AUTH=… rdb fetch -h redis.example --tls --cacert ca.pem | rdb json - --lines
      """,
    helpNames: .long)

  @OptionGroup(title: "Server") var server: ServerArguments<OnlyServer>
  @OptionGroup(title: "Connection") var link: LinkArguments
  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(help: ArgumentHelp("Read at most this many bytes per second.", valueName: "size"))
  var maxRate: ByteSize?

  @Flag(help: "Read by SCAN and DUMP, for servers that refuse a synchronisation: not one point in time.")
  var scan = false

  @Flag(help: "Read from a master even if sentinels will list this client as a replica.")
  var allowSentinelEntry = false

  @OptionGroup(title: "Working") var reporting: LiveProgressArguments
  @OptionGroup(title: "Working") var progress: ProgressOptions

  func run() throws {
    try LiveProgress.begin(reporting)
    let settings = try server.settings(link)
    let database = server.chosenDatabase(settings)
    if database != nil, !scan {
      throw Failure(
        .usage, "a synchronisation sends all databases, not the one of -n",
        hint: "--scan reads one database. rdb rewrite --db takes one out of a snapshot.")
    }
    try SnapshotFetch(
      settings, output, progress, maxRate: maxRate?.byteCount, allowsSentinelEntry: allowSentinelEntry,
      scan: scan ? SnapshotFetch.Scan(database: database.map { UInt32($0) }) : nil
    ).run()
  }
}
