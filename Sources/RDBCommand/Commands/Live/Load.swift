import ArgumentParser
import RDB
import RDBConvert
import RDBFiltering
import RedisTransfer

/// `rdb load`: loads an input into a live server, and matches every reply to its key.
struct Load: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Load an input into a live server, and match every reply to its key.",
    discussion: """
      The input is first read once, before anything is written: damage, and data that the server cannot hold, end the \
      command with exit code 65. A key that the server has already ends it too, unless --replace or --nx is given. Each \
      key appears on the server only when it is complete, with its expiry. After a lost connection, or when \
      sentinels choose a new master, the load goes on from the last key that is safe. Of a cluster, each key goes to \
      the master of its slot.

      Examples:
        rdb load dump.rdb -h redis.example
        rdb load dump.rdb -u redis-sentinel://s1,s2,s3/mymaster --resume load.journal
        rdb load dump.rdb -u redis-cluster://node1,node2 --replace
        REDISCLI_AUTH=… rdb load backup.aof -h redis.example --tls -k '^user:' --nx
      """,
    helpNames: .long)

  @OptionGroup var input: InputOptions
  @OptionGroup(title: "Server") var server: ServerArguments<OnlyServer>
  @OptionGroup(title: "Connection") var link: LinkArguments
  @OptionGroup(title: "Loading") var existing: ExistingKeyArguments
  @OptionGroup(title: "Loading") var content: LoadedContentArguments
  @OptionGroup(title: "Sending") var sending: SendingArguments

  @Option(
    help: ArgumentHelp("Record progress in this file, and continue from it if it exists.", valueName: "file"),
    completion: .file())
  var resume: String?

  @Flag(help: "Check the input against the server, but load nothing.")
  var dryRun = false

  @Flag(help: "Load what the server can hold, and list the rest as lost.")
  var allowLoss = false

  @Flag(help: "Add the events that Spring Session needs to the server's notify-keyspace-events.")
  var fixNotifications = false

  @Flag(help: "Refuse a file of commands without the trailer of rdb resp --trailer.")
  var requireTrailer = false

  @OptionGroup var keys: KeyArgumentGroup<LiveNames>
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup(title: "Working") var reporting: LiveProgressArguments
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let settings = try server.settings(link)
    let opened =
      InputFile.isAddress(input.dump)
      ? try InputFile.server(input.dump, besideServer: true)
      : try reading.open(input, now: try keys.expiry.present)
    try LoadRun(self, opened, settings).run()
  }

  func validate() throws {
    if resume != nil, reading.log.engine != nil {
      throw ValidationError(
        "--resume and --engine contradict each other: a server that replays the commands gives the keys another order "
          + "each time. Store its snapshot first: rdb rewrite --engine … -o FILE.")
    }
  }

  /// The options that change neither which keys are sent nor their order. The identity of the input and the address of
  /// the server are compared apart.
  private static let optionsWithoutEffectOnKeys: Set<String> = [
    "input", "server", "link", "sending", "resume", "dryRun", "allowLoss", "fixNotifications", "requireTrailer",
    "ledger", "working",
  ]

  /// All options that change which keys are sent, and in which order, and what the server makes of them.
  func textForJournal(_ options: RESPOptions) -> String {
    "\(options.target)\n\(options.takesRestore)\n" + OptionText.of(self, without: Self.optionsWithoutEffectOnKeys)
  }
}
