import RDB
import RDBCompression
import RDBSupport

/// A snapshot being read: opened, and decompressed where it is compressed.
struct InputFile {
  /// As messages call it.
  let shownName: String
  /// The snapshot's own bytes.
  private(set) var source: any ByteSource
  /// `nil`: it is not compressed.
  let format: CompressionFormat?
  private let compressed: CompressedProgress?
  /// The file that must not be written to, if it is one.
  let identities: [FileIdentity]
  /// Where its index stands, if there is one; `nil`: standard input has no name that one could lie beside.
  let indexPath: String?

  /// - Parameter path: `-`: standard input.
  /// - Throws: ``Failure``.
  init(path: String) throws {
    shownName = path == "-" ? "standard input" : shown(path)
    indexPath = path == "-" ? nil : path + ".idx"
    let file = try Self.open(path, shownName)
    identities = [FileIdentity(descriptor: file.descriptor)].compactMap { $0 }
    do throws(RDBError) {
      let input = try DecompressingSource(file)
      (source, format, compressed) = (input.source, input.format, input.progress)
    } catch {
      throw error.failure(in: shownName)
    }
  }

  /// The file, where it can be read anywhere: not compressed, and no pipe.
  var file: FileSource? {
    guard let file = source as? FileSource, file.canSeek else { return nil }
    return file
  }

  /// The same file for another reader, from its first byte; ``file`` must not be `nil`.
  var fromStart: InputFile {
    var again = self
    again.source = AheadSource(source, from: 0)
    return again
  }

  private static func open(_ path: String, _ name: String) throws -> FileSource {
    if path == "-" {
      guard isatty(STDIN_FILENO) == 0 else {
        throw Failure(
          .usage, "standard input is a terminal", hint: "Give a file, or - with something piped into it.")
      }
      return FileSource(descriptor: STDIN_FILENO)
    }
    do {
      return try FileSource(path: path)
    } catch {
      let error = RDBError.transfer("open", error, at: 0)
      let reason = error.systemError.map { String(cString: strerror($0)) } ?? error.found
      throw Failure(.noInput, "\(name): cannot be opened: \(reason)")
    }
  }

  /// How far a reader of it is, in bytes of the file itself.
  func position(of progress: ReadProgress) -> ProgressLine.Position {
    if let compressed {
      return ProgressLine.Position(
        read: { compressed.byteCount }, total: compressed.totalByteCount)
    }
    return ProgressLine.Position(read: { progress.byteCount }, total: progress.totalByteCount)
  }
}
