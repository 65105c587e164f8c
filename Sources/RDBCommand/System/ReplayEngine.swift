import RDB
import RDBReplay
import RDBSupport

/// A private server that loads command files. It replays commands that only a server can: scripts, functions, vector
/// sets.
///
/// The server has no network: it listens on a socket in a folder that only the user can enter. The server is stopped
/// and the folder is removed before ``snapshot(of:manifest:)`` returns.
struct ReplayEngine {
  /// The name of the program, found in PATH, or its path.
  let program: String
  /// Whether the last file may end inside a command or a transaction.
  let allowsTruncated: Bool

  /// Has the server load the files, and save a snapshot.
  ///
  /// - Parameters:
  ///   - parts: The files in the order of loading.
  ///   - manifest: The manifest of a folder; `nil` for one file.
  /// - Returns: The snapshot. Its file is open but already deleted.
  /// - Throws: ``Failure``.
  func snapshot(of parts: [LogPart], manifest: (name: String, bytes: [UInt8])?) throws -> FileSource {
    let folder = try ServerFolder()
    defer { folder.remove() }
    guard LocalSocket.fits("\(folder.path)/s") else {
      throw Failure(
        .ioError, "the path of the temporary folder is too long for a socket", hint: "Set TMPDIR to a shorter path.")
    }
    var arguments = [
      program, "--port", "0", "--unixsocket", "s", "--dir", folder.path, "--save", "", "--appendonly", "yes",
      "--appendfsync", "no", "--dbfilename", "dump.rdb", "--logfile", "log", "--auto-aof-rewrite-percentage", "0",
      "--aof-load-truncated", allowsTruncated ? "yes" : "no",
    ]
    if let manifest {
      let name = manifest.name.hasSuffix(".manifest") ? String(manifest.name.dropLast(9)) : manifest.name
      arguments += ["--appenddirname", "log-files", "--appendfilename", name]
      try folder.makeFolder("log-files")
      try folder.write(manifest.bytes, to: "log-files/\(name).manifest")
      for part in parts { try folder.copy(try part.open(), to: "log-files/\(part.name ?? name)") }
    } else {
      try folder.copy(try parts[0].open(), to: "appendonly.aof")
    }
    let server = try ChildProcess(arguments, in: folder.path)
    Interrupts.add(server.identifier, folder: folder.path)
    defer {
      server.stop()
      Interrupts.removeChild(server.identifier)
    }
    try save(server, folder)
    return try FileSource(path: "\(folder.path)/dump.rdb")
  }

  /// Waits until the server has loaded the files, and has it save a snapshot.
  private func save(_ server: ChildProcess, _ folder: ServerFolder) throws {
    while server.isRunning {
      if let answer = LocalSocket.ask("SAVE\r\n", at: "\(folder.path)/s") {
        if answer.hasPrefix("+OK") { return }
        guard answer.hasPrefix("-LOADING") else { throw failure("it answers SAVE with \(shown(answer))") }
      }
      usleep(20_000)
    }
    throw failure(folder.lastLine(of: "log").map { "it ends with: \(shown($0))" } ?? "it ends without a message")
  }

  private func failure(_ reason: String) -> Failure {
    Failure(
      .damaged, "the server \(shown(program)) does not load the commands: \(reason)",
      hint: "rdb check shows damage with its offset. Another server can be named with --engine.")
  }
}

/// A folder that only the user can enter.
private struct ServerFolder {
  let path: String

  init() throws {
    let parent = Folder.temporary
    var template = Array("\(parent)/swift-rdb.XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if !made { throw Failure(.ioError, "a temporary folder cannot be created in \(shown(parent))") }
  }

  func makeFolder(_ name: String) throws {
    if mkdir("\(path)/\(name)", 0o700) != 0 { throw Failure(.ioError, "a temporary folder cannot be created") }
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try copy(MemorySource(bytes), to: name)
  }

  func copy(_ source: any ByteSource, to name: String) throws {
    let target = try FileDestination(path: "\(path)/\(name)")
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try source.read(into: buffer)
      if count == 0 { return }
      try target.write(
        RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count])), followedBy: RawSpan())
    }
  }

  func lastLine(of name: String) -> String? {
    guard let source = try? FileSource(path: "\(path)/\(name)") else { return nil }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let size = source.totalByteCount ?? 0
    let start = size - min(size, UInt64(bytes.count))
    guard let count = try? bytes.withUnsafeMutableBytes({ try source.read(at: start, into: $0) }) else { return nil }
    return bytes.prefix(count).split(separator: 10).last.map { String(decoding: $0, as: UTF8.self) }
  }

  func remove() { Folder.remove(path) }
}
