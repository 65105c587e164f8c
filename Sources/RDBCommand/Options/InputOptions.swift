import ArgumentParser
import RDB
import RDBSupport

/// The snapshot to read, and how.
struct InputOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The snapshot; - is standard input. gzip, zstd and LZ4 are recognised by their first bytes.",
      valueName: "dump"), completion: .file())
  var dump: String

  func open() throws -> InputFile { try InputFile(path: dump) }
}

/// How much to trust a snapshot.
struct ReadingOptions: ParsableArguments {
  @Flag(help: "Neither compute nor compare the checksum.")
  var ignoreChecksum = false

  @Flag(help: "Read a newer RDB version than is known, up to the first type that is not.")
  var forceVersion = false

  @Option(
    help: ArgumentHelp(
      "The longest string, decompressed, to hold in memory; a longer one ends the run.",
      valueName: "size"))
  var maxString = ByteSize(1 << 30)

  var readerOptions: RDBReader.Options {
    var options = RDBReader.Options()
    options.ignoresChecksum = ignoreChecksum
    options.parser.forceVersion = forceVersion
    options.parser.stringLimit = maxString.byteCount
    return options
  }
}

/// How many threads.
struct ThreadOptions: ParsableArguments {
  static let limit = 64
  /// More than these gain nothing, and each costs a few MiB of memory.
  static let defaultLimit = 8

  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("threads")],
    help: ArgumentHelp(
      "Threads, 1–\(limit); the output is the same with any number. By default one for each core, up to \(defaultLimit).",
      valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...Self.limit).contains(threads) {
      throw ValidationError("-j takes 1 to \(Self.limit) threads, not \(threads).")
    }
  }

  var count: Int { threads ?? min(coreCount, Self.defaultLimit) }
}

/// What to say while working.
struct ProgressOptions: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Show progress where standard error is no terminal; or nowhere.")
  var progress: Bool?

  @Flag(name: [.customShort("q"), .long], help: "Say nothing but errors and losses.")
  var quiet = false

  /// Shows how far `input` is, if anybody wants to see it.
  func start(_ position: ProgressLine.Position, besides output: OutputFile? = nil) -> ProgressLine? {
    let isTerminal = isatty(STDERR_FILENO) == 1
    // Results on the same terminal and a line that is rewritten do not go together.
    let isInTheWay = output?.isTerminal ?? false
    let isWanted = progress ?? (isTerminal && !isInTheWay && !quiet)
    return isWanted ? ProgressLine(position, isTerminal: isTerminal) : nil
  }
}

/// How to work, and what to say meanwhile.
struct WorkingArguments: ParsableArguments {
  @OptionGroup(title: "Working") var threads: ThreadOptions
  @OptionGroup(title: "Working") var progress: ProgressOptions
}
