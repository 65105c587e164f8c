import ArgumentParser
import RDB
import RDBFormat
import RDBIndex

/// `rdb index`: where each key stands.
struct Index: WorkingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Note where each key stands, so that get and top-elements find it at once.",
    discussion: """
      Writes DUMP.idx, 14 bytes a key. It holds for this very file: one that was written anew, copied without its \
      time, or changed, is noticed, and its old index refused. Values are stepped over: damage inside a packed one goes \
      unnoticed here, unless the checksum tells; rdb check finds it.

      Examples:
        rdb index dump.rdb && rdb get dump.rdb user:42
        rdb index /backup/dump.rdb -o dump.idx && rdb get /backup/dump.rdb user:42 --index dump.idx
      """)

  @OptionGroup var input: InputOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where to write instead of DUMP.idx; - is standard output.", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func run() throws {
    let input = try input.open()
    guard let file = input.file else {
      let (what, verb) = input.format.map { ("is compressed (\($0))", "Decompress") } ?? ("is not a file", "Write")
      throw Failure(
        .usage, "\(input.shownName): \(what): no key of it can be read without all before it",
        hint: "\(verb) it into a file first: an index is of use to a file only.")
    }
    guard let path = self.output ?? input.indexPath else {
      throw Failure(.usage, "standard input has no name to write the index beside", hint: "Give -o FILE.")
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
      throw error.failure(in: output.shownName, isOutput: true)
    }
  }

  private func identity(of file: FileSource, _ input: InputFile, end: SnapshotEnd?) throws -> DumpIdentity {
    do throws(RDBError) {
      return try DumpIdentity(
        of: file, end: end ?? SnapshotEnd(checksum: .absent, byteCount: 0, tail: .nothing))
    } catch {
      throw error.failure(in: input.shownName)
    }
  }

  /// Temporary files lie beside the index: there is room for it too.
  private static func folder(of path: String) -> String {
    guard path != "-", let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
