import ArgumentParser
import RDB
import RDBFormat
import RDBSupport

/// `rdb split-plan`: divides a snapshot into ranges of bytes that several workers read.
struct SplitPlan: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "split-plan",
    abstract: "Plan the reading of one huge snapshot by several machines.",
    discussion: """
      The plan has ranges of bytes that begin and end between two records, with all that a worker must know of the \
      records before its range, and with checksums. Commands that read a snapshot take one part with --part-of; offsets \
      are those in the whole file, and the bytes of the part are verified. Together the parts have each key once. A \
      worker needs only the bytes of its part: the whole file, or a file of just these bytes.

      Examples:
        rdb split-plan dump.rdb --parts 100 -o plan.json
        rdb analyze dump.rdb --part-of plan.json:0 -o reports-0
        rdb json --lines dump.rdb --part-of plan.json:99
      """)

  @Argument(
    help: ArgumentHelp("A snapshot, neither compressed nor from a pipe.", valueName: "dump"), completion: .file())
  var dump: String

  @Option(
    help: ArgumentHelp("Make n parts of about the same size, 1–\(SnapshotPlan.partLimit).", valueName: "n"))
  var parts: Int

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Reading") var reading: PlanReadingArguments
  @OptionGroup(title: "Working") var progress: ProgressOptions

  /// The options about reading that a plan allows.
  struct PlanReadingArguments: ParsableArguments {
    @Flag(help: "Do not verify the checksum of the snapshot. The parts get checksums all the same.")
    var ignoreChecksum = false

    @Flag(help: "Read a newer RDB version than is known, up to the first unknown type.")
    var forceVersion = false
  }

  func validate() throws {
    if !(1...SnapshotPlan.partLimit).contains(parts) {
      throw ValidationError("--parts takes 1 to \(SnapshotPlan.partLimit), not \(parts).")
    }
  }

  func run() throws {
    let (input, file) = try InputFile.ranges(
      of: dump, maxRatio: .max, otherwise: "cannot be planned",
      hint: "Workers read ranges of bytes: store the snapshot as a file, uncompressed.")
    try input.refuseCommands(in: file, "cannot be planned")
    let output = try output.open(reading: input, .json)
    let made: SnapshotPlan.Made
    do {
      made = try plan(file, input.shownName)
    } catch {
      output.abandon()
      throw error
    }
    try output.writeWhole(try jsonDocument(made.plan))
    try finish(made, output.shownName)
  }

  private func plan(_ file: FileSource, _ name: String) throws -> SnapshotPlan.Made {
    var options = RDBReader.Options()
    options.ignoresChecksum = reading.ignoreChecksum
    options.forceVersion = reading.forceVersion
    var line: ProgressLine?
    defer { line?.end() }
    let made: SnapshotPlan.Made
    do {
      made = try SnapshotPlan.make(for: file, partCount: parts, options: options) { position in
        line = progress.start(ProgressLine.Position(read: { position.byteCount }, total: position.totalByteCount))
      }
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: name)
    }
    guard made.end.head.byteCount == 0 else {
      throw Failure(
        .usage, "\(name): cannot be planned, because other bytes precede the snapshot",
        hint: "rdb rewrite writes a snapshot without them.")
    }
    return made
  }

  /// Writes the ledger, and ends with a loss if the file has more than a snapshot.
  private func finish(_ made: SnapshotPlan.Made, _ target: String) throws {
    let sizes = made.plan.parts.map(\.byteCount)
    progress.say(
      "\(counted(UInt64(sizes.count), "part")) of \(sizes.min() ?? 0) to \(sizes.max() ?? 0) bytes,"
        + " \(counted(made.plan.keyCount, "key")) in all, in \(target)")
    var ledger = made.end.losses
    (ledger.keysRead, ledger.keysWritten) = (made.plan.keyCount, made.plan.keyCount)
    StandardStreams.writeError(LedgerReport(ledger: ledger, notes: made.end.notes, isQuiet: progress.quiet).text)
    if ledger.hasLosses { throw Failure(.losses, nil) }
  }
}
