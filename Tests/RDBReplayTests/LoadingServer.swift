import Foundation
import RDB
import RDBReplay
import RDBSupport
import RESP
import TestSupport

/// A live server that loads files of commands, to compare what it then holds with what a replay builds.
final class LoadingServer {
  let kind: LiveServer.Kind
  private let server: LiveServer
  private let connection: LiveConnection
  private let folder: String

  init(_ kind: LiveServer.Kind) throws {
    self.kind = kind
    server = try LiveServer(
      kind, arguments: ["--appendonly", "yes", "--enable-debug-command", "yes", "--databases", "16"])
    connection = try LiveConnection(port: server.port)
    folder = String(decoding: try connection.command("CONFIG", "GET", "dir").elements![1].bytes!, as: UTF8.self)
    try connection.command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
  }

  func stop() { server.stop() }

  /// The release of the server.
  var version: ServerVersion {
    switch kind {
    case .redis7: ServerVersion(.redis, 7, 0, 15)
    case .redis8: ServerVersion(.redis, 8, 2, 3)
    case .valkey9: ServerVersion(.valkey, 9, 1, 2)
    }
  }

  /// Loads commands as a server does at its start, and returns what it then saves.
  func load(_ commands: [[[UInt8]]]) throws -> SnapshotContents {
    let folder = URL(fileURLWithPath: folder)
    let parts = folder.appendingPathComponent("appendonlydir")
    try Data(commands.flatMap { RESPText.command($0) }).write(to: parts.appendingPathComponent("commands.incr.aof"))
    try Data("file commands.incr.aof seq 1 type i\n".utf8)
      .write(to: parts.appendingPathComponent("appendonly.aof.manifest"))
    let answer = try connection.commands([["DEBUG", "LOADAOF"].map { Array($0.utf8) }, [Array("SAVE".utf8)]])
    for reply in answer where reply.bytes != Array("OK".utf8) {
      throw LiveServer.Failure(description: "\(kind) did not load the commands: \(reply)")
    }
    let dump = try Data(contentsOf: folder.appendingPathComponent("dump.rdb"))
    return try SnapshotContents(MemorySource(Array(dump)))
  }

  /// The answers of OBJECT ENCODING, by key of database 0. Lapsed keys are missing.
  func encodings(of keys: [[UInt8]]) throws -> [[UInt8]: String] {
    let replies = try connection.commands(keys.map { ["OBJECT", "ENCODING"].map { Array($0.utf8) } + [$0] })
    var encodings: [[UInt8]: String] = [:]
    for (key, reply) in zip(keys, replies) {
      if let bytes = reply.bytes { encodings[key] = String(decoding: bytes, as: UTF8.self) }
    }
    return encodings
  }

  /// The differences between what the server holds after loading the commands, and what replaying them builds.
  func differences(replaying commands: [[[UInt8]]]) throws -> [String] {
    let harness = ReplayHarness(version)
    for command in commands { try harness.run(command) }
    var differences = try harness.contents().differences(from: load(commands))
    let own = harness.encodings()
    let others = try encodings(of: Array(own.keys))
    for (key, encoding) in own.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      if let other = others[key], other != encoding {
        differences.append("\(printable(key)): encoding \(encoding), not \(other)")
      }
    }
    return differences
  }

  /// Compares a replay with the server, and shrinks the commands as long as they still show a difference.
  ///
  /// - Returns: The differences, and the commands of a short list that has them; `nil` if there are none.
  func shrunkenDifferences(replaying commands: [[[UInt8]]]) throws -> String? {
    guard var found = Optional(try differences(replaying: commands)), !found.isEmpty else { return nil }
    var commands = commands
    var step = commands.count / 2
    while step > 0 {
      var start = 0
      while start < commands.count {
        var fewer = commands
        fewer.removeSubrange(start..<min(start + step, fewer.count))
        let differences = try differences(replaying: fewer)
        if differences.isEmpty {
          start += step
        } else {
          (commands, found) = (fewer, differences)
        }
      }
      step /= 2
    }
    let lines = commands.map { $0.map { printable($0, limit: 60) }.joined(separator: " ") }
    return "\(kind): \(found.joined(separator: "\n"))\nafter\n\(lines.joined(separator: "\n"))"
  }
}
