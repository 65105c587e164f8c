import RDB
import RDBCompression
import RDBFormat
import RDBReplay

extension InputFile {
  /// Opens a file, the folder of an append-only file, or the snapshot of a server. Commands are replayed: the input is
  /// then the keyspace that they build.
  ///
  /// - Parameter path: The path, `-` for standard input, or the address of a server.
  /// - Throws: ``Failure``.
  static func replaying(
    _ path: String, _ reading: ReadingOptions, now: UnixMilliseconds
  ) throws -> InputFile {
    if let part = reading.partOf { return try Self.part(part, of: path, reading) }
    if isAddress(path) { return try server(path) }
    let logOptions = try reading.log.logOptions(reading.readerOptions)
    if path != "-", LogFolder.isFolder(path) { return try folder(path, logOptions, reading, now: now) }
    var input = try reading.openAsIs(path)
    let start: [UInt8]
    do throws(RDBError) {
      // A pipe may give few bytes for a long time: the first ones are enough for the files that servers write.
      let byteCount = input.source.canSeek ? CommandFileKind.startByteCount : 512
      (start, input.source) = try peek(input.source, byteCount: byteCount)
    } catch {
      throw error.failure(in: input.shownName)
    }
    if CommandFileKind(start) == .manifest, path != "-" { return try folder(path, logOptions, reading, now: now) }
    // A keyspace without keys gives an empty file of commands.
    let isEmpty = start.isEmpty && (input.shownName.hasSuffix(".aof") || input.shownName.hasSuffix(".resp"))
    guard isEmpty || LogOpening.isLog(start, input.source) else { return input }
    if let engine = reading.log.engine {
      let source = input.source
      input.source = try ReplayEngine(program: engine, allowsTruncated: reading.log.allowTruncated)
        .snapshot(of: [LogPart(name: nil, role: .only) { source }], manifest: nil)
      return input
    }
    let server = reading.server?.version ?? LogOpening.server(start) ?? LogOpening.defaultServer
    let part = LogPart(name: nil, role: .only, open: try LogOpening.reopening(input.source))
    let replayed = ReplayedInput(
      [part], totalByteCount: input.source.totalByteCount, logOptions,
      reading.log.replayOptions(server, skipsUnknown: reading.skipUnknown, now: now))
    input.source = replayed.source
    input.replayed = replayed
    return input
  }

  private static func folder(
    _ path: String, _ logOptions: LogOptions, _ reading: ReadingOptions, now: UnixMilliseconds
  ) throws -> InputFile {
    let name = shown(path)
    do {
      let folder = try LogFolder(path: path)
      let sources = try folder.parts.map { try $0.open() }
      let identities = sources.compactMap { ($0 as? FileSource).flatMap { FileIdentity(descriptor: $0.descriptor) } }
      if let engine = reading.log.engine {
        let snapshot = try ReplayEngine(program: engine, allowsTruncated: reading.log.allowTruncated)
          .snapshot(of: folder.parts, manifest: (folder.manifestName, folder.manifestBytes))
        return InputFile(shownName: name, source: snapshot, replayed: nil, identities: identities)
      }
      let byteCount = sources.reduce(0) { $0 + ($1.totalByteCount ?? 0) }
      let server = try LogOpening.server(sources.first)
      let options = reading.log.replayOptions(
        reading.server?.version ?? server ?? LogOpening.defaultServer, skipsUnknown: reading.skipUnknown, now: now)
      let replayed = ReplayedInput(folder.parts, totalByteCount: byteCount, logOptions, options)
      return InputFile(shownName: name, source: replayed.source, replayed: replayed, identities: identities)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw RDBError.transfer("open", error, at: 0).failure(in: name)
    }
  }
}
