import RDB
import RDBCompression
import RDBFormat
import RDBReplay

extension InputFile {
  /// Opens a file or the folder of an append-only file. Commands are replayed: the input is then the keyspace that they
  /// build.
  ///
  /// - Parameter path: The path, or `-` for standard input.
  /// - Throws: ``Failure``.
  static func replaying(_ path: String, _ reading: ReadingOptions) throws -> InputFile {
    let logOptions = try reading.log.logOptions(reading.readerOptions)
    if path != "-", LogFolder.isFolder(path) { return try folder(path, logOptions, reading) }
    var input = try reading.openAsIs(path)
    let start: [UInt8]
    do throws(RDBError) {
      (start, input.source) = try peek(input.source, byteCount: CommandFileKind.startByteCount)
    } catch {
      throw error.failure(in: input.shownName)
    }
    if CommandFileKind(start) == .manifest, path != "-" { return try folder(path, logOptions, reading) }
    guard try isLog(start, input) else { return input }
    if let engine = reading.log.engine {
      let source = input.source
      input.source = try ReplayEngine(program: engine, allowsTruncated: reading.log.allowTruncated)
        .snapshot(of: [LogPart(name: nil, role: .only) { source }], manifest: nil)
      return input
    }
    let server = ReplayedInput.server(start) ?? ReplayedInput.defaultServer
    let part = LogPart(name: nil, role: .only, open: try reopening(input.source))
    let replayed = ReplayedInput(
      [part], totalByteCount: input.source.totalByteCount, logOptions,
      reading.log.replayOptions(server, skipsUnknown: reading.skipUnknown))
    input.source = replayed.source
    input.replayed = replayed
    return input
  }

  private static func folder(_ path: String, _ logOptions: LogOptions, _ reading: ReadingOptions) throws -> InputFile {
    let name = shown(path)
    do {
      let folder = try LogFolder(path: path)
      var server: ServerVersion?
      var identities: [FileIdentity] = []
      var byteCount: UInt64 = 0
      for (index, part) in folder.parts.enumerated() {
        let source = try part.open()
        byteCount += source.totalByteCount ?? 0
        if let file = source as? FileSource, let identity = FileIdentity(descriptor: file.descriptor) {
          identities.append(identity)
        }
        if index == 0 {
          server = ReplayedInput.server(try peek(source, byteCount: CommandFileKind.startByteCount).start)
        }
      }
      if let engine = reading.log.engine {
        let snapshot = try ReplayEngine(program: engine, allowsTruncated: reading.log.allowTruncated)
          .snapshot(of: folder.parts, manifest: (folder.manifestName, folder.manifestBytes))
        return InputFile(shownName: name, source: snapshot, replayed: nil, identities: identities)
      }
      let options = reading.log.replayOptions(
        server ?? ReplayedInput.defaultServer, skipsUnknown: reading.skipUnknown)
      let replayed = ReplayedInput(folder.parts, totalByteCount: byteCount, logOptions, options)
      return InputFile(shownName: name, source: replayed.source, replayed: replayed, identities: identities)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw RDBError.transfer("open", error, at: 0).failure(in: name)
    }
  }

  /// Whether an input holds commands: from its first byte on, or after a snapshot.
  private static func isLog(_ start: [UInt8], _ input: InputFile) throws -> Bool {
    switch CommandFileKind(start) {
    case .appendOnlyFile, .commandFile: return true
    case .manifest: return false
    case .snapshot: return mayContinue(start) && !endsWithSnapshot(input.source)
    // A keyspace without keys gives an empty file of commands.
    case nil: return start.isEmpty && (input.shownName.hasSuffix(".aof") || input.shownName.hasSuffix(".resp"))
    }
  }

  /// Whether commands may follow a snapshot: it says that it is the beginning of an append-only file, or it comes from a
  /// replication link.
  private static func mayContinue(_ start: [UInt8]) -> Bool {
    if start.starts(with: "+FULLRESYNC".utf8) || start.starts(with: "$".utf8) { return true }
    var reader = RDBReader(MemorySource(start))
    guard let origin = try? reader.origin() else { return false }
    return origin.auxFields.contains { name, value in
      (name.elementsEqual("aof-preamble".utf8) || name.elementsEqual("aof-base".utf8)) && value == [UInt8(ascii: "1")]
    }
  }

  /// Whether a file ends as a snapshot does: with the opcode of its end, and a checksum that does not look like the end of
  /// a command.
  private static func endsWithSnapshot(_ source: any ByteSource) -> Bool {
    guard source.canSeek, let count = source.totalByteCount, count >= 9 else { return false }
    var end = [UInt8](repeating: 0, count: 9)
    let read = end.withUnsafeMutableBytes { try? source.read(at: count - 9, into: $0) }
    return read == 9 && end[0] == 0xFF && !end.suffix(2).elementsEqual([13, 10])
  }

  /// Opens a source again from its beginning: a pipe waits in a temporary file.
  private static func reopening(_ source: any ByteSource) throws -> () throws -> any ByteSource {
    if source.canSeek { return { AheadSource(source, from: 0) } }
    let kept = try KeptSource(source)
    return { try kept.reopened() }
  }
}
