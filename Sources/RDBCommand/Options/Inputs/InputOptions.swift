import ArgumentParser
import RDB
import RDBFormat
import RDBSupport

/// The argument that names the snapshot.
struct InputOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A snapshot, AOF or its folder, RESP dump, or redis:// address; - for standard input. gzip, zstd, LZ4 too.",
      valueName: "dump"), completion: .file())
  var dump: String
}

/// The option that ends a decompression bomb.
struct DecompressionArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Stop when a compressed file, after its first 256 MiB, grows to more than n times its size.",
      valueName: "n"))
  var maxRatio: UInt64 = 500

  func validate() throws {
    if maxRatio == 0 { throw ValidationError("--max-ratio takes a number above 0.") }
  }
}

/// The options that relax or limit reading.
struct ReadingOptions: ParsableArguments {
  @Flag(help: "Do not verify the checksum.")
  var ignoreChecksum = false

  @Flag(help: "Step over records of other servers where their length is known: a loss, exit code 3.")
  var skipUnknown = false

  @Flag(help: "Read a newer RDB version than is known, up to the first unknown type.")
  var forceVersion = false

  @Option(
    help: ArgumentHelp(
      "Stop at a string that is longer than this when decompressed.",
      valueName: "size"))
  var maxString = ByteSize(1 << 30)

  @OptionGroup var decompression: DecompressionArguments

  @Option(
    help: ArgumentHelp(
      "Assume this server: \(TargetVersion.range). Default: the input's.",
      valueName: "version"),
    completion: .list(TargetVersion.known), transform: TargetVersion.init(parsing:))
  var server: TargetVersion?

  @Option(
    help: ArgumentHelp(
      "Read only part N, from 0, of this plan of rdb split-plan.", valueName: "plan:N"),
    completion: .file(), transform: PartOfPlan.init(parsing:))
  var partOf: PartOfPlan?

  @OptionGroup(title: "Command files") var log: LogArguments

  var readerOptions: RDBReader.Options {
    var options = RDBReader.Options()
    options.ignoresChecksum = ignoreChecksum
    options.parser.forceVersion = forceVersion
    options.skipsUnknown = skipUnknown
    options.parser.stringLimit = maxString.byteCount
    return options
  }

  /// Returns the options of a reader of keys.
  func readerOptions(_ damage: DamageOptions?, findsHyperLogLogs: Bool = false) -> RDBReader.Options {
    var options = readerOptions
    options.parser.findsHyperLogLogs = findsHyperLogLogs
    options.skipsDamagedKeys = damage?.skipDamaged ?? false
    return options
  }

  /// Opens the input. Commands are replayed: the input is then the keyspace that they build.
  func open(_ input: InputOptions, now: UnixMilliseconds = .now) throws -> InputFile { try open(input.dump, now: now) }

  /// Opens an input. Commands are replayed: the input is then the keyspace that they build.
  ///
  /// - Parameters:
  ///   - path: The path, or `-` for standard input.
  ///   - now: The time from which relative expiries count until the log tells a time.
  func open(_ path: String, now: UnixMilliseconds = .now) throws -> InputFile {
    try InputFile.replaying(path, self, now: now)
  }

  /// Refuses a part of a snapshot where only the whole makes sense.
  ///
  /// - Throws: ``Failure``.
  func refusePart(_ reason: String) throws {
    guard partOf != nil else { return }
    throw Failure(.usage, reason, hint: "Leave out --part-of.")
  }

  /// Opens a file, whatever it holds.
  ///
  /// - Parameter path: The path, or `-` for standard input.
  func openAsIs(_ path: String) throws -> InputFile { try InputFile(path: path, maxRatio: decompression.maxRatio) }
}

/// The option about damaged values.
struct DamageOptions: ParsableArguments {
  @Flag(help: "Leave out keys with a damaged value, and list them as lost (exit code 3).")
  var skipDamaged = false
}

/// The option that sets the number of threads.
struct ThreadOptions: ParsableArguments {
  static let limit = 64
  /// The largest default. More threads are seldom faster, and each takes a few MiB of memory.
  static let defaultLimit = 8

  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("threads")],
    help: ArgumentHelp(
      "Use n threads, 1–\(limit); the output is the same. Default: one per core, up to \(defaultLimit).",
      valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...Self.limit).contains(threads) {
      throw ValidationError("-j takes 1 to \(Self.limit) threads, not \(threads).")
    }
  }

  var count: Int { threads ?? min(coreCount, Self.defaultLimit) }
}

/// The options about messages on standard error.
struct ProgressOptions: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Force progress output on or off. Default: only on a terminal.")
  var progress: Bool?

  @Flag(name: [.customShort("q"), .long], help: "Print only errors and losses on standard error.")
  var quiet = false

  /// Writes a line to standard error, unless the options ask for silence.
  func say(_ text: String) {
    if !quiet { StandardStreams.writeError("rdb: \(text)\n") }
  }

  /// Starts to show progress, if the options ask for it or standard error is a terminal.
  ///
  /// - Parameter output: The file of the results, which can be the same terminal.
  func start(_ position: ProgressLine.Position, output: OutputFile? = nil) -> ProgressLine? {
    LiveProgress.setPosition(position)
    if LiveProgress.logsJSON { return ProgressLine(position, isTerminal: false) }
    let isTerminal = isatty(STDERR_FILENO) == 1
    // Results on the same terminal would mix with a line that is rewritten.
    let sharesTerminal = output?.isTerminal ?? false
    let isWanted = progress ?? (isTerminal && !sharesTerminal && !quiet)
    return isWanted ? ProgressLine(position, isTerminal: isTerminal) : nil
  }
}

/// The options about threads and messages.
struct WorkingArguments: ParsableArguments {
  @OptionGroup(title: "Working") var threads: ThreadOptions
  @OptionGroup(title: "Working") var progress: ProgressOptions
}
