import Foundation
import RDB
import RESP
import TestSupport
import Testing

/// Servers as inputs: by address in place of a file, and by `rdb fetch --scan`.
@Suite("A server as an input")
struct ServerInputTests {
  /// Starts a server with some keys.
  static func server(_ kind: LiveServer.Kind = .redis7, arguments: [String] = []) throws -> LiveServer {
    let server = try LiveServer(kind, arguments: arguments)
    let live = try LiveConnection(port: server.port)
    try live.command("SET", "plain", "1")
    try live.command("SET", "timed", "2", "PXAT", "4000000000123")
    try live.command("HSET", "hash", "f", "v")
    try live.command("RPUSH", "list", "a", "b")
    try live.command("SELECT", "3")
    try live.command("SET", "other", "3")
    return server
  }

  @Test("the JSON of an address is that of the server's snapshot", arguments: LiveServer.Kind.allCases)
  func convertsAddress(kind: LiveServer.Kind) throws {
    let server = try Self.server(kind)
    defer { server.stop() }
    let folder = Scratch()
    folder.write(try server.save(), as: "dump.rdb")
    let expected = Tool.run("json", "dump.rdb", "--lines", in: folder)
    let found = Tool.run("json", "redis://127.0.0.1:\(server.port)", "--lines", in: folder)
    #expect(found.status == 0, "\(found.error)")
    #expect(Set(found.text.split(separator: "\n")) == Set(expected.text.split(separator: "\n")))
    #expect(found.text.split(separator: "\n").count == 5)
  }

  @Test("diff, memory, check and info read an address", arguments: ["memory", "check", "info", "stats", "keys"])
  func reads(command: String) throws {
    let server = try Self.server()
    defer { server.stop() }
    let address = "redis://127.0.0.1:\(server.port)"
    let folder = Scratch()
    folder.write(try server.save(), as: "dump.rdb")
    let outcome = Tool.run(command, address)
    #expect(outcome.status == 0, "\(outcome.error)")
    let diff = Tool.run("diff", "dump.rdb", address, in: folder)
    #expect(diff.status == 0, "\(diff.text)\(diff.error)")
    #expect(diff.text.contains("none: all keys are equal"))
  }

  @Test(
    "a server that cannot be reached, or closes the connection, is exit code 69",
    arguments: ["json", "info", "check", "memory"])
  func exitCodes(command: String) throws {
    #expect(Tool.run(command, "redis://127.0.0.1:1").status == 69)
    let closing = try ScriptedServer { _ in }
    let outcome = Tool.run(command, "redis://127.0.0.1:\(closing.port)")
    #expect(outcome.status == 69 || outcome.status == 76, "\(outcome.error)")
  }

  @Test(
    "a connection that ends inside of the snapshot is exit code 69",
    arguments: [["json"], ["info"], ["check"], ["memory"], ["rewrite", "-o", "/dev/null"], ["diff", "dump.rdb"]])
  func cutSnapshot(arguments: [String]) throws {
    let server = try ScriptedServer.synchronising(Array("$100\r\nREDIS0011".utf8))
    let folder = Scratch()
    folder.write(SnapshotBuilder(version: 11).whole, as: "dump.rdb")
    let all = arguments + ["redis://127.0.0.1:\(server.port)"]
    let outcome = Tool.run(all: all, in: folder)
    #expect(outcome.status == 69, "\(outcome.error)")
    #expect(outcome.error.contains("127.0.0.1:\(server.port)"))
  }

  @Test("an index of an address is refused, because it needs a file")
  func refusesIndex() throws {
    let server = try Self.server()
    defer { server.stop() }
    let outcome = Tool.run("index", "redis://127.0.0.1:\(server.port)")
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("it is not a file"))
  }

  @Test("a password in an address is warned about, and not shown in errors")
  func hidesPassword() throws {
    let server = try Self.server(arguments: ["--requirepass", "s3cret"])
    defer { server.stop() }
    let wrong = Tool.run("json", "redis://:wr0ng@127.0.0.1:\(server.port)")
    #expect(wrong.status == 77, "\(wrong.error)")
    #expect(!wrong.error.contains("wr0ng"))
    #expect(wrong.error.contains("the address of an input has a password"))
    let right = Tool.shell("REDISCLI_AUTH=s3cret rdb json redis://127.0.0.1:\(server.port) --lines")
    #expect(right.status == 0, "\(right.error)")
  }

  @Test(
    "an address with a database, or where only a file is read, is refused with exit code 64",
    arguments: [
      ["json", "redis://127.0.0.1:1/3"], ["salvage", "redis://127.0.0.1:1"],
      ["check", "--payload", "redis://127.0.0.1:1"],
    ])
  func refuses(arguments: [String]) throws {
    let outcome = Tool.run(all: arguments)
    #expect(outcome.status == 64, "\(outcome.error)")
  }

  @Test(
    "fetch --scan stores what a server has, and says that it is not one point in time",
    arguments: LiveServer.Kind.allCases)
  func scans(kind: LiveServer.Kind) throws {
    let server = try Self.server(kind)
    defer { server.stop() }
    let folder = Scratch()
    let outcome = Tool.run("fetch", "-p", "\(server.port)", "--scan", "-o", "scan.rdb", in: folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error.contains("not of one point in time"))
    #expect(outcome.error.contains("5 keys read by SCAN and DUMP"))
    folder.write(try server.save(), as: "dump.rdb")
    #expect(Tool.run("diff", "dump.rdb", "scan.rdb", in: folder).status == 0)
    #expect(Tool.run("fetch", "-p", "\(server.port)", "--scan", "-n", "3", "-o", "three.rdb", in: folder).status == 0)
    #expect(Tool.run("keys", "three.rdb", in: folder).text.split(separator: "\n").count == 1)
  }

  @Test("fetch refuses a database without --scan")
  func refusesDatabase() throws {
    let outcome = Tool.run("fetch", "-p", "1", "-n", "3", "-o", "/dev/null")
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("--scan reads one database"))
  }
}
