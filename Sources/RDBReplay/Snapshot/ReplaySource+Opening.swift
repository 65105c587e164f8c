public import RDB
public import RDBFormat

extension ReplaySource {
  /// How a log is read and replayed.
  public struct Options: Sendable {
    /// The release whose behaviour is replayed. If `nil`, it is the release that wrote the snapshot at the beginning of
    /// the log; without a snapshot, the newest release whose commands are implemented.
    public var server: ServerVersion?
    /// The time from which relative expiries count until an annotation gives a time. The default is the present.
    public var now = UnixMilliseconds.now
    /// The memory limit for values, in bytes: 256 MiB by default. Values beyond it wait in temporary files. The largest
    /// group of keys that commands tie together can exceed the limit.
    public var memoryLimit = 256 << 20
    /// The number of databases, 16 by default: SELECT of a larger number fails, as on a server.
    public var databaseCount: UInt64 = 16
    /// Whether a command that cannot be replayed is left out and counted as lost. Otherwise, it is an error.
    public var skipsUnknown = false
    /// Whether all commands on a key come one after another, so that a log of any size is read once and each key is
    /// written when the next one comes. A key that returns is an error (`notGrouped`).
    public var isGrouped = false
    /// Whether a command or transaction that is cut at the end of the log is left out. Otherwise, it is an error.
    public var allowsTruncated = false

    /// Creates the default options.
    public init() {}
  }

  /// Opens a log: an append-only file, the folder or the manifest of one in several parts, a RESP dump, or a file for
  /// `redis-cli --pipe`.
  ///
  /// - Throws: `RDBError`, if a file cannot be opened or the folder has no manifest.
  public convenience init(path: String, options: Options = Options()) throws {
    guard LogFolder.isFolder(path) || path.hasSuffix(".manifest") else {
      try self.init(FileSource(path: path), options: options)
      return
    }
    let parts = try LogFolder(path: path).parts
    let sources = try parts.map { try $0.open() }
    self.init(parts, try LogOpening.server(sources.first), sources.reduce(0) { $0 + ($1.totalByteCount ?? 0) }, options)
  }

  /// Replays the commands of a source, from its first byte on. The bytes of a pipe are kept in a temporary file.
  ///
  /// - Throws: `RDBError`, if the source cannot be read.
  public convenience init(_ source: any ByteSource, options: Options = Options()) throws {
    let open = try LogOpening.reopening(source)
    let server = source.canSeek ? try LogOpening.server(source) : nil
    self.init([LogPart(name: nil, role: .only, open: open)], server, source.totalByteCount, options)
  }

  private convenience init(_ parts: [LogPart], _ server: ServerVersion?, _ byteCount: UInt64?, _ options: Options) {
    var replay = ReplayOptions(server: options.server ?? server ?? LogOpening.defaultServer, now: options.now)
    replay.memoryLimit = options.memoryLimit
    replay.databaseCount = options.databaseCount
    replay.skipsUnknown = options.skipsUnknown
    replay.isGrouped = options.isGrouped
    var log = LogOptions()
    log.memoryLimit = options.memoryLimit
    log.allowsTruncated = options.allowsTruncated
    self.init(replay, logByteCount: byteCount) { [log] in CommandLog(parts, log) }
  }

  /// The commands and the parts of values that are missing from the keyspace, as losses; the failed commands and what is
  /// odd about the log, as notes. The ledger is complete at the end of the source.
  public var ledger: Ledger {
    var ledger = summary.ledger
    if let log { ledger.merge(log.ledger) }
    if let writer { ledger.merge(writer.ledger) }
    return ledger
  }
}
