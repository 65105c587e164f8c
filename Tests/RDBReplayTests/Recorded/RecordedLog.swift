import Foundation
import RDB
import RDBFormat
import RDBReplay
import RESP
import TestSupport

/// How a server writes its append-only file.
struct LogConfiguration: CustomStringConvertible {
  /// When the server rewrites the file.
  enum Rewriting: CaseIterable {
    case never
    /// In the middle of the commands, to its end.
    case finished
    /// In the middle of the commands; at the end of the commands, the rewriting still runs.
    case unfinished
  }

  /// Whether a rewritten file begins with a snapshot; else it has commands only.
  var hasPreamble: Bool
  var hasTimestamps: Bool
  var rewriting: Rewriting
  /// Whether the parts are joined to one file, as releases before 7.0 wrote it.
  var isSingleFile: Bool

  /// Another configuration for each of 24 numbers.
  init(_ number: UInt64) {
    rewriting = [.finished, .never, .unfinished][Int(number % 3)]
    hasPreamble = number / 3 % 2 == 0
    hasTimestamps = number / 6 % 2 == 0
    isSingleFile = number / 12 % 2 == 1
  }

  var description: String {
    "preamble \(hasPreamble), timestamps \(hasTimestamps), rewriting \(rewriting), one file \(isSingleFile)"
  }
}

/// An append-only file that a live server wrote while it executed random commands.
struct RecordedLog {
  private let kind: LiveServer.Kind
  /// The files by their paths in the server's folder.
  private let files: [String: [UInt8]]
  /// The number of commands that were sent.
  private(set) var sentCount = 0

  /// Sends random commands to a new server.
  init(_ kind: LiveServer.Kind, _ configuration: LogConfiguration, seed: UInt64, commandCount: Int) throws {
    self.kind = kind
    let server = try LiveServer(
      kind,
      arguments: Self.arguments + [
        "--auto-aof-rewrite-percentage", "0", "--aof-use-rdb-preamble", configuration.hasPreamble ? "yes" : "no",
        "--aof-timestamp-enabled", configuration.hasTimestamps ? "yes" : "no",
      ])
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    let digest = try connection.command("SCRIPT", "LOAD", RandomClientCommands.script).bytes ?? []
    var commands = RandomClientCommands(kind, seed: seed, scriptDigest: String(decoding: digest, as: UTF8.self))
    var isRewritten = configuration.rewriting == .never
    while sentCount < commandCount {
      if !isRewritten, sentCount >= commandCount / 2 {
        isRewritten = true
        if configuration.rewriting == .unfinished {
          // The process that rewrites the file lives a few seconds longer than the server.
          try connection.command("CONFIG", "SET", "rdb-key-save-delay", "20000")
        }
        try connection.command("BGREWRITEAOF")
      }
      // One request per round trip would take most of the time.
      var requests: [[[UInt8]]] = []
      while requests.count < 100 { requests += commands.next() }
      sentCount += requests.count
      _ = try connection.commands(requests)
    }
    if configuration.rewriting == .finished { try Self.waitForRewriting(connection) }
    files = try Self.files(server, configuration)
  }

  /// The arguments of a server that writes an append-only file before it replies.
  private static let arguments = [
    "--appendonly", "yes", "--appendfsync", "no", "--databases", "16", "--enable-debug-command", "yes",
  ]

  private static func waitForRewriting(_ connection: LiveConnection) throws {
    for _ in 0..<2000 {
      let information = String(decoding: try connection.command("INFO", "persistence").bytes ?? [], as: UTF8.self)
      if information.contains("aof_rewrite_in_progress:0"), information.contains("aof_rewrite_scheduled:0") { return }
      usleep(5_000)
    }
    throw LiveServer.Failure(description: "the file is not rewritten in time")
  }

  private static func files(_ server: LiveServer, _ configuration: LogConfiguration) throws -> [String: [UInt8]] {
    let folder = try LogFolder(path: server.folder + "/appendonlydir")
    var contents: [(name: String, bytes: [UInt8])] = []
    for part in folder.parts {
      contents.append((part.name ?? "", readFile("\(server.folder)/appendonlydir/\(part.name ?? "")")))
    }
    if configuration.isSingleFile { return ["appendonly.aof": contents.flatMap(\.bytes)] }
    contents.append(("appendonly.aof.manifest", readFile("\(server.folder)/appendonlydir/appendonly.aof.manifest")))
    return Dictionary(uniqueKeysWithValues: contents.map { ("appendonlydir/\($0.name)", $0.bytes) })
  }

  // MARK: Comparing

  /// Calls `body` with the parts of the log.
  private func withParts<Result>(_ body: ([LogPart]) throws -> Result) throws -> Result {
    let scratch = Scratch()
    for (path, bytes) in files {
      let url = URL(fileURLWithPath: "\(scratch.path)/\(path)")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    let single = scratch.path + "/appendonly.aof"
    return try body(
      fileExists(single)
        ? [LogPart(name: nil, role: .only) { try FileSource(path: single) }]
        : LogFolder(path: scratch.path + "/appendonlydir").parts)
  }

  /// What a second server holds that is started on the log.
  private func loaded() throws -> BuiltKeyspace {
    let server = try LiveServer(kind, files: files, arguments: Self.arguments)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    try connection.command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    return try BuiltKeyspace(heldBy: server, connection)
  }

  /// The difference between what a replay builds and what a second server of the release holds, with a short log that
  /// shows it; `nil`: there is none.
  func difference() throws -> String? {
    // Keys with a near expiry have expired before anything is loaded.
    usleep(80_000)
    let loaded = try loaded()
    return try withParts { parts in
      let differences = try BuiltKeyspace(replaying: parts, kind.version).differences(from: loaded)
      if !differences.isEmpty { return try shrunken(parts) ?? differences.joined(separator: "\n") }
      let sample = try LogSample(CommandLog(parts))
      // In two passes, SORT cannot read the keys that its patterns name.
      if sample.commands.contains(where: { ReplayCommand($0).isWord(0, "sort") }) { return nil }
      let grouped = try BuiltKeyspace(replaying: parts, kind.version, isGrouped: true).differences(from: loaded)
      return grouped.isEmpty ? nil : "in two passes: \(grouped.joined(separator: "\n"))"
    }
  }

  private func shrunken(_ parts: [LogPart]) throws -> String? {
    let server = try LoadingServer(kind)
    defer { server.stop() }
    return try server.shrunkenDifferences(replaying: LogSample(CommandLog(parts)))
  }
}
