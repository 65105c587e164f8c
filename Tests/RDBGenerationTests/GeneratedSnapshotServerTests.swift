import Foundation
import RDB
import RDBFormat
import RDBGeneration
import RDBLZF
import TestSupport
import Testing

/// The installed programs of a Redis server.
enum Server {
  static let checker = program("redis-check-rdb")
  static let server = program("redis-server")
  static let client = program("redis-cli")

  private static func program(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  static func start(_ program: String, _ arguments: [String]) throws -> (Process, Pipe) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    return (process, pipe)
  }

  static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let (process, pipe) = try start(program, arguments)
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

@Suite("A generated snapshot in a Redis server", .serialized)
struct GeneratedSnapshotServerTests {
  /// The versions that Redis 7.0 can read: up to 10.
  static let cases = Generation.all.filter { $0.header.vendor == .redis && $0.header.version <= 10 }

  func withFile<R>(_ options: SnapshotGenerator.Options, _ body: (URL, SnapshotGenerator.Summary) throws -> R)
    throws -> R
  {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("rdb-generation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (bytes, summary) = try Generation.write(options, compressed: options.seed % 2 == 0)
    try Data(bytes).write(to: folder.appendingPathComponent("dump.rdb"))
    return try body(folder, summary)
  }

  @Test("Passes redis-check-rdb", arguments: cases)
  func checked(_ generation: Generation) throws {
    try withFile(generation.options) { folder, summary in
      let result = try Server.run(
        try #require(Server.checker), [folder.appendingPathComponent("dump.rdb").path])
      #expect(result.status == 0, "\(result.output)")
      #expect(result.output.contains("RDB looks OK"))
      #expect(result.output.contains("\(summary.keyCount) keys read"))
      #expect(result.output.contains("\(summary.expiringCount) expires"))
    }
  }

  @Test("Loads with the announced number of keys under deep sanitization", arguments: GenerationProfile.Name.allCases)
  func loaded(_ profile: GenerationProfile.Name) throws {
    var options = Generation(profile: profile, header: SnapshotHeader(vendor: .redis, version: 10)).options
    options.seed = 2
    try withFile(options) { folder, summary in
      let socket = folder.appendingPathComponent("s").path
      let (process, _) = try Server.start(
        try #require(Server.server),
        [
          "--port", "0", "--unixsocket", socket, "--dir", folder.path, "--dbfilename", "dump.rdb",
          "--save", "", "--sanitize-dump-payload", "yes", "--logfile", folder.path + "/log",
        ])
      defer {
        // The server inherits blocked signals of this process, so SIGTERM may not end it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      let client = try #require(Server.client)
      var answer = ""
      for _ in 0..<200 where Int(answer) == nil && process.isRunning {
        Thread.sleep(forTimeInterval: 0.05)
        answer = try Server.run(client, ["-s", socket, "DBSIZE"]).output
          .trimmingCharacters(in: .whitespacesAndNewlines)
      }
      let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
      #expect(answer == "\(summary.keyCount)", "\(log)")
    }
  }
}
