import ArgumentParser
import RDB
import RDBFormat
import RDBIndex
import RDBSupport

/// `rdb index`: writes the file offset of every key into an index.
struct Index: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Write an index with which get and top-elements find a key at once.",
    discussion: """
      The index is DUMP.idx, with 14 bytes per key. It belongs to this file only: get refuses it after the snapshot was \
      replaced, changed, or copied without its modification time. Values are skipped: damage inside them is found only \
      by the checksum, or by rdb check.

      Examples:
        rdb index dump.rdb && rdb get dump.rdb user:42
        rdb index /backup/dump.rdb -o dump.idx && rdb get /backup/dump.rdb user:42 --index dump.idx
      """)

  @OptionGroup var input: InputOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write to this file instead of DUMP.idx, or to - (standard output).", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    try reading.refusePart("an index belongs to a whole snapshot")
    let input = try reading.open(input)
    if input.replayed != nil {
      throw Failure(
        .usage, "\(input.shownName): cannot be indexed, because it holds commands",
        hint: "An index tells where the keys of a snapshot are.")
    }
    guard let file = input.file else {
      let (reason, verb) =
        input.format.map { ("it is compressed (\($0))", "Decompress") } ?? ("it is not a file", "Write")
      throw Failure(
        .usage, "\(input.shownName): cannot be indexed, because \(reason)",
        hint: "\(verb) it to a file first.")
    }
    guard let path = self.output ?? input.indexPath else {
      throw Failure(.usage, "the index of standard input has no default name", hint: "Give -o FILE.")
    }
    let output = try OutputFile(path: path, keepsPartial: false, inputs: input.identities, form: .lines)
    do {
      let count = try write(input, file, folder: Self.folder(of: path), to: output)
      if !working.progress.quiet, path != "-" {
        StandardStreams.writeError("rdb: \(counted(count, "key")) in \(output.shownName), \(output.byteCount) bytes\n")
      }
    } catch {
      output.abandon()
      throw error
    }
  }

  private func write(_ input: InputFile, _ file: FileSource, folder: String, to output: OutputFile) throws -> UInt64 {
    let run = try SnapshotRun(input, reading)
    let options = IndexSink.Options(workers: working.threads.count, folder: folder)
    let before = try identity(of: file, input, end: nil)
    let result = try run.fold(threads: working.threads.count, progress: working.progress) { IndexSink(options) }
    let end = result.end
    let after = try identity(of: file, input, end: end)
    guard after.isUnmodified(since: before) else {
      throw Failure(.ioError, "\(input.shownName): was changed while it was read", hint: "Try again.")
    }
    do throws(RDBError) {
      let count = try KeyIndex.write(result.summary, of: after, to: output)
      try output.finish()
      return count
    } catch {
      throw error.failure(in: output.shownName)
    }
  }

  private func identity(of file: FileSource, _ input: InputFile, end: SnapshotEnd?) throws -> DumpIdentity {
    do throws(RDBError) {
      return try DumpIdentity(
        of: file, end: end ?? SnapshotEnd(checksum: .absent, byteCount: 0, tailParts: []))
    } catch {
      throw error.failure(in: input.shownName)
    }
  }

  /// The folder of the index, in which its temporary files are made as well.
  private static func folder(of path: String) -> String {
    guard path != "-", let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
