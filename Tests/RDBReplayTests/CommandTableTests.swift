import RDBReplay
import RESP
import TestSupport
import Testing

/// The table of commands against the servers' own tables.
@Suite struct CommandTableTests {
  @Test(arguments: LiveServer.Kind.allCases)
  func everyCommandThatAServerPropagatesIsInTheTable(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    let reply = try connection.command("COMMAND")
    let commands = try #require(reply.elements)
    #expect(commands.count > 200)
    var missing: [String] = []
    for command in commands {
      let fields = try #require(command.elements)
      let name = String(decoding: try #require(fields[0].bytes), as: UTF8.self).lowercased()
      let flags = (fields[2].elements ?? []).compactMap { $0.bytes.map { String(decoding: $0, as: UTF8.self) } }
      // Subcommands have flags of their own; the command's function tells them apart.
      let subcommands = fields.count > 9 ? fields[9].elements ?? [] : []
      let propagates = ([flags] + subcommands.map { Self.flags(of: $0) }).contains {
        $0.contains("write") || $0.contains("may_replicate")
      }
      if propagates, CommandTable.rows[name] == nil { missing.append(name) }
    }
    #expect(missing.isEmpty, "\(missing.sorted())")
  }

  private static func flags(of command: RESPValue) -> [String] {
    guard let fields = command.elements, fields.count > 2 else { return [] }
    return (fields[2].elements ?? []).compactMap { $0.bytes.map { String(decoding: $0, as: UTF8.self) } }
  }

  @Test(arguments: LiveServer.Kind.allCases)
  func theNumberOfArgumentsAndTheKeysAreThoseOfTheServer(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    var differences: [String] = []
    for command in try connection.command("COMMAND").elements ?? [] {
      guard let fields = command.elements, let bytes = fields[0].bytes else { continue }
      guard let row = CommandTable.rows[String(decoding: bytes, as: UTF8.self).lowercased()],
        case .native = row.action
      else { continue }
      if case .integer(let arity) = fields[1], arity != Int64(row.arity) {
        differences.append("\(row.name): \(row.arity) arguments, \(arity) on the server")
      }
      if case .range(let first, _, _) = row.keys, case .integer(let serverFirst) = fields[3],
        // The server gives 0 for commands whose subcommands have the keys.
        serverFirst != 0, first != Int(serverFirst)
      {
        differences.append("\(row.name): the first key is argument \(first), \(serverFirst) on the server")
      }
    }
    #expect(differences.isEmpty, "\(differences)")
  }
}
