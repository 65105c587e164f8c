import ArgumentParser
import RDB
import RDBEdit
import RDBFormat

/// `rdb salvage`: writes the records of a damaged snapshot that can be recovered as a new snapshot.
struct SalvageCommand: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "salvage",
    abstract: "Write the records that can be recovered from a damaged snapshot.",
    discussion: """
      Everything before a fault is copied. After it, the next record is searched for; it counts only if enough of what \
      follows is sound. Keys that damage may have changed are left out. Each loss is listed with its offsets, and with \
      the keys next to it that were kept although they may be changed.

      Damage inside the bytes of a name or of an uncompressed string leaves no trace. If no other fault explains a wrong \
      checksum, the report says so.

      The exit code is 3 even if the input is not damaged, so that a script never takes the output for the original: \
      rdb check tells whether a file is damaged.

      Examples:
        rdb salvage dump.rdb -o salvaged.rdb
        rdb salvage dump.rdb -o salvaged.rdb --report losses.json
        zcat -f dump.rdb.gz | rdb salvage - -o salvaged.rdb
      """)

  @Argument(
    help: ArgumentHelp(
      "A damaged snapshot; - for standard input. gzip, zstd, LZ4 too.", valueName: "dump"), completion: .file())
  var dump: String

  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(
    help: ArgumentHelp("Write the losses to this file, as JSON.", valueName: "file"), completion: .file())
  var report: String?

  @Option(
    help: ArgumentHelp("Do not keep strings that are longer than this when decompressed.", valueName: "size"))
  var maxString = ByteSize(1 << 30)

  @OptionGroup var decompression: DecompressionArguments

  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if let report, report == output.output {
      throw ValidationError("-o and --report name the same file: give one of them another name.")
    }
  }

  func run() throws {
    let input = try InputFile(path: dump, maxRatio: decompression.maxRatio)
    let output = try output.open(reading: input, nil)
    try output.refuseTerminal()
    let reportFile = try report.map {
      try OutputFile(path: $0, keepsPartial: false, reading: input, form: .json)
    }
    let result: SalvageReport
    do {
      result = try salvage(input, to: output)
      try output.finish()
    } catch {
      output.abandon()
      if let failure = error as? Failure { throw failure }
      if let failure = output.failure { throw failure.failure(in: output.shownName) }
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
    StandardStreams.writeError(result.text(isQuiet: working.progress.quiet))
    try reportFile?.writeWhole(try jsonDocument(SalvageDocument(result)))
    throw Failure(.losses, nil)
  }

  private func salvage(_ input: InputFile, to output: OutputFile) throws -> SalvageReport {
    let source: any ByteSource
    var inputError: RDBError?
    if let file = input.file {
      source = file
    } else {
      let recording = try RecordingSource(input.source)
      do {
        try recording.readRest()
      } catch {
        // What a damaged compressed file gives before the damage is read.
        let error = RDBError.transfer("read", error, at: 0)
        guard input.format != nil, [.corruptCompression, .truncated, .trailingBytes].contains(error.code) else {
          throw error
        }
        inputError = error
      }
      source = recording.recorded
    }
    let (start, _) = try peek(AheadSource(source, from: 0), byteCount: 16)
    if let first = start.first, first == UInt8(ascii: "*") || first == UInt8(ascii: "#") {
      throw Failure(
        .usage, "\(input.shownName): holds commands; rdb salvage reads snapshots",
        hint: "rdb resp --allow-truncated leaves out the command or transaction in which such a file is cut.")
    }
    var options = RDBReader.Options()
    options.stringLimit = maxString.byteCount
    var line: ProgressLine?
    defer { line?.end() }
    var report = try Salvage(options: options, threads: working.threads.count).run(source, to: output) { progress in
      line = working.progress.start(
        ProgressLine.Position(read: { progress.byteCount }, total: progress.totalByteCount), output: output)
    }
    report.inputError = inputError
    return report
  }
}
