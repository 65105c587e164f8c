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

  init(_ kind: LiveServer.Kind) throws {
    self.kind = kind
    server = try LiveServer(
      kind, arguments: ["--appendonly", "yes", "--enable-debug-command", "yes", "--databases", "16"])
    connection = try LiveConnection(port: server.port)
    try connection.command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
  }

  func stop() { server.stop() }

  /// Loads a log as a server does at its start, and returns what it then holds.
  func load(_ log: LogSample) throws -> BuiltKeyspace {
    let parts = URL(fileURLWithPath: server.folder).appendingPathComponent("appendonlydir")
    for (name, bytes) in log.files { try Data(bytes).write(to: parts.appendingPathComponent(name)) }
    let reply = try connection.command("DEBUG", "LOADAOF")
    guard reply.bytes == Array("OK".utf8) else {
      throw LiveServer.Failure(description: "\(kind) did not load the commands: \(reply)")
    }
    return try BuiltKeyspace(heldBy: server, connection)
  }

  /// The differences between what the server holds after loading a log, and what replaying it builds.
  func differences(replaying log: LogSample) throws -> [String] {
    let loaded = try load(log)
    return try BuiltKeyspace(replaying: log.parts, kind.version).differences(from: loaded)
  }

  /// Compares a replay with the server, and shrinks the commands as long as they still show a difference.
  ///
  /// - Returns: The differences, and the commands of a short list that has them; `nil` if there are none.
  func shrunkenDifferences(replaying log: LogSample) throws -> String? {
    guard var found = Optional(try differences(replaying: log)), !found.isEmpty else { return nil }
    var log = log
    var step = max(log.commands.count / 2, 1)
    while step > 0 {
      var start = 0
      while start < log.commands.count {
        var fewer = log
        fewer.commands.removeSubrange(start..<min(start + step, fewer.commands.count))
        let differences = try differences(replaying: fewer)
        if differences.isEmpty {
          start += step
        } else {
          (log, found) = (fewer, differences)
        }
      }
      step /= 2
    }
    let base = log.base.map { "a snapshot of \($0.count) bytes and\n" } ?? ""
    let lines = log.commands.map { $0.map { printable($0, limit: 60) }.joined(separator: " ") }
    return "\(kind): \(found.joined(separator: "\n"))\nafter\n\(base)\(lines.joined(separator: "\n"))"
  }
}
