import RDB
import RDBCompression
import RDBSupport

/// An input file: opened, and decompressed if it is compressed.
struct InputFile {
  /// The name in messages.
  let shownName: String
  /// The decompressed bytes.
  var source: any ByteSource
  /// The format of the compression; `nil` for none.
  let format: CompressionFormat?
  /// Whether the file is a compressed envelope, which servers load from Valkey 9.2 on.
  let isEnvelope: Bool
  private let compressed: CompressedProgress?
  /// The log whose keyspace ``source`` is; `nil` for a snapshot.
  var replayed: ReplayedInput?
  /// The identity of the file, which must not be overwritten; empty for a pipe.
  let identities: [FileIdentity]
  /// The path of the index, which need not exist; `nil` for standard input.
  let indexPath: String?

  /// Opens the file.
  ///
  /// - Parameters:
  ///   - path: The path, or `-` for standard input.
  ///   - maxRatio: The largest accepted number of decompressed bytes per compressed byte.
  /// - Throws: ``Failure``.
  init(path: String, maxRatio: UInt64) throws {
    shownName = path == "-" ? "standard input" : shown(path)
    indexPath = path == "-" || path.contains("\u{FFFD}") ? nil : path + ".idx"
    let file = try Self.open(path, shownName)
    identities = [FileIdentity(descriptor: file.descriptor)].compactMap { $0 }
    do throws(RDBError) {
      let input = try DecompressingSource(file, ratioLimit: maxRatio)
      (source, format, isEnvelope, compressed) = (input.source, input.format, input.isEnvelope, input.progress)
    } catch {
      throw error.failure(in: shownName)
    }
  }

  /// An input that is not one file.
  init(shownName: String, source: any ByteSource, replayed: ReplayedInput?, identities: [FileIdentity]) {
    (self.shownName, self.source, self.replayed, self.identities) = (shownName, source, replayed, identities)
    (format, isEnvelope, compressed, indexPath) = (nil, false, nil, nil)
  }

  /// The file, if it can be read at any offset: neither compressed nor a pipe.
  var file: FileSource? {
    guard let file = source as? FileSource, file.canSeek else { return nil }
    return file
  }

  /// The same file for another reader, from its first byte. ``file`` must not be `nil`.
  var fromStart: InputFile {
    var again = self
    again.source = AheadSource(source, from: 0)
    return again
  }

  private static func open(_ path: String, _ name: String) throws -> FileSource {
    try refuseAddress(path)
    if path == "-" {
      guard isatty(STDIN_FILENO) == 0 else {
        throw Failure(
          .usage, "standard input is a terminal", hint: "Give a file, or pipe one into standard input.")
      }
      return FileSource(descriptor: STDIN_FILENO)
    }
    do {
      // ArgumentParser replaces bytes that are not UTF-8.
      return try path.contains("\u{FFFD}") ? FileSource(pathBytes: rawArgument(path)) : FileSource(path: path)
    } catch {
      let error = RDBError.transfer("open", error, at: 0)
      let reason = error.systemError.map { String(cString: strerror($0)) } ?? error.found
      throw Failure(.noInput, "\(name): cannot be opened: \(reason)")
    }
  }

  /// The position of a reader in the file itself, in bytes.
  func position(of progress: ReadProgress) -> ProgressLine.Position {
    if let replayed { return replayed.position }
    if let compressed {
      return ProgressLine.Position(
        read: { compressed.byteCount }, total: compressed.totalByteCount)
    }
    // The offsets in a part are those in the whole file.
    let first = Int(clamping: (source as? PartSource)?.firstOffset ?? 0)
    return ProgressLine.Position(
      read: { max(progress.byteCount - first, 0) }, total: progress.totalByteCount.map { $0 - UInt64(first) })
  }
}
