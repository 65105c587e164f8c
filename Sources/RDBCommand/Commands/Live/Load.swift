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
      command. Each key appears on the server only when it is complete, with its expiry. After a lost connection, or when \
      sentinels choose a new master, the load goes on from the last key that is safe.

      Examples:
        rdb load dump.rdb -h redis.example
        rdb load dump.rdb -u redis-sentinel://s1,s2,s3/mymaster --resume load.journal
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
    help: ArgumentHelp("Note in this file which keys are safe; go on from there if it exists.", valueName: "file"),
    completion: .file())
  var resume: String?

  @Flag(help: "Read the input and ask the server, but load nothing.")
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
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let settings = try server.settings(link)
    let opened = try reading.open(input, now: try keys.expiry.present)
    try LoadRun(self, opened, settings).run()
  }

  /// All options that change which commands are sent, and in which order.
  func textForJournal(_ options: RESPOptions) -> String {
    let filter = keys.filter
    var words = [
      "\(options.target)", options.existing.rawValue, options.restore.rawValue, "\(options.restoreLimit)",
      options.functions.rawValue, options.modules.rawValue, options.scripts.rawValue, "\(options.refusesFindings)",
      "\(options.databaseMap.sorted { $0.key < $1.key })", "\(keys.damage.skipDamaged)",
    ]
    words += [filter.key, filter.noKey, filter.pattern, filter.type, filter.noType, filter.db].map { "\($0)" }
    words += [filter.expire ?? "", filter.limit.map { "\($0)" } ?? ""]
    words += [
      keys.expiry.expired.rawValue, keys.expiry.now ?? "", keys.expiry.ttlShift ?? "", "\(keys.expiry.noExpire)",
    ]
    return words.joined(separator: "\n")
  }
}
