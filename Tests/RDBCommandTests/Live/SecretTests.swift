import Foundation
import TestSupport
import Testing

@Suite("Passwords of live servers", .serialized)
struct SecretTests {
  private static let secrets = ["r1ghtWord", "wr0ngWord", "dataW0rd", "sent1nelWord"]

  /// The arguments of a process, as `ps` shows them to every user.
  private static func arguments(_ process: Tool.Running) -> String {
    String(decoding: FileManager.default.contents(atPath: "/proc/\(process.id)/cmdline") ?? Data(), as: UTF8.self)
  }

  @Test("are neither on the screen, nor among the arguments that others see, nor in the journal")
  func hidden() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7, arguments: ["--requirepass", "r1ghtWord"])
    defer { server.stop() }
    let name = try runs.generate(keys: 3000)
    let ways: [(options: [String], environment: [String: String])] = [
      (["-p", "\(server.port)"], ["REDISCLI_AUTH": "r1ghtWord"]),
      (["-p", "\(server.port)", "-a", "r1ghtWord"], [:]),
      (["-u", "redis://default:r1ghtWord@127.0.0.1:\(server.port)"], [:]),
      (["-p", "\(server.port)", "--pass-file", "word"], [:]),
    ]
    runs.folder.write(Array("r1ghtWord\n".utf8), as: "word")
    for (index, way) in ways.enumerated() {
      let journal = "journal-\(index)"
      let load = try Tool.start(
        ["load", name, "--replace", "--resume", journal, "--max-keys", "6000"] + way.options, in: runs.folder,
        environment: way.environment)
      while load.isRunning, !runs.folder.names.contains(journal) { usleep(2000) }
      let seen = Self.arguments(load)
      #expect(seen.contains("load"))
      let outcome = load.wait(atMost: 60)
      #expect(outcome.status == 0, "\(outcome.error)")
      let noted = String(decoding: runs.folder.contents(of: journal) ?? Data(), as: UTF8.self)
      for text in [seen, outcome.error, outcome.text, noted] { #expect(!text.contains("r1ghtWord"), "\(way)") }
    }
  }

  @Test("that are wrong end every command with 77, and the error names the server and the user, not the password")
  func wrong() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7, arguments: ["--requirepass", "r1ghtWord"])
    defer { server.stop() }
    let input = Fixture.named("redis-6.2.16/sessions").path
    let address = "redis://127.0.0.1:\(server.port)"
    let commands: [[String]] = [
      ["load", input, "-u", address, "--user", "alice"], ["fetch", "-u", address, "--user", "alice", "-o", "f.rdb"],
      ["fetch", "--scan", "-u", address, "--user", "alice", "-o", "f.rdb"],
      ["verify", input, "--against", address, "--against-user", "alice"], ["json", address + "?user=alice"],
    ]
    for arguments in commands {
      let outcome = try runs.run(
        arguments, environment: ["REDISCLI_AUTH": "wr0ngWord", "RDB_AGAINST_AUTH": "wr0ngWord"], atMost: 20)
      #expect(outcome.status == 77, "\(arguments): \(outcome.error)")
      #expect(outcome.error.contains("127.0.0.1:\(server.port)") && outcome.error.contains("alice"), "\(outcome.error)")
      #expect(!outcome.error.contains("wr0ngWord"))
    }
    #expect(runs.folder.names == [])
  }

  @Test("of sentinels are their own, and the data's password never reaches them")
  func sentinels() throws {
    let runs = LiveRuns()
    let master = try LiveServer(atOnce: .redis7, arguments: ["--requirepass", "dataW0rd"])
    defer { master.stop() }
    let sentinel = try LiveServer(
      .redis7,
      sentinel: """
        requirepass sent1nelWord
        sentinel monitor mymaster 127.0.0.1 \(master.port) 1
        sentinel auth-pass mymaster dataW0rd
        """)
    defer { sentinel.stop() }
    let arguments = [
      "load", Fixture.named("redis-6.2.16/sessions").path, "-u",
      "redis-sentinel://127.0.0.1:\(sentinel.port)/mymaster", "--retries", "0",
    ]
    let passwords = ["REDISCLI_AUTH": "dataW0rd", "REDISCLI_SENTINEL_AUTH": "sent1nelWord"]
    let load = try runs.run(arguments, environment: passwords)
    #expect(load.status == 0, "\(load.error)")
    for (name, port) in [("REDISCLI_SENTINEL_AUTH", sentinel.port), ("REDISCLI_AUTH", master.port)] {
      let outcome = try runs.run(arguments, environment: passwords.merging([name: "wr0ngWord"]) { $1 }, atMost: 20)
      #expect([69, 77].contains(outcome.status), "\(outcome.error)")
      #expect(outcome.error.contains("127.0.0.1:\(port)"), "\(outcome.error)")
      for secret in Self.secrets { #expect(!outcome.error.contains(secret)) }
    }
  }

  @Test("are not enough without the permission to synchronise, and the error names --scan, which works")
  func withoutSynchronisation() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7, dump: Fixture.named("redis-6.2.16/sessions").bytes)
    defer { server.stop() }
    try server.send("ACL", "SETUSER", "reader", "on", ">r1ghtWord", "~*", "+@all", "-psync", "-sync", "-replconf")
    let arguments = ["fetch", "-p", "\(server.port)", "--user", "reader", "-o", "f.rdb"]
    let refused = try runs.run(arguments, environment: ["REDISCLI_AUTH": "r1ghtWord"], atMost: 20)
    #expect(refused.status == 77, "\(refused.error)")
    #expect(refused.error.contains("--scan"), "\(refused.error)")
    #expect(runs.folder.names == [])
    let scanned = try runs.run(arguments + ["--scan"], environment: ["REDISCLI_AUTH": "r1ghtWord"])
    #expect(scanned.status == 0, "\(scanned.error)")
    #expect(try runs.run(["diff", Fixture.named("redis-6.2.16/sessions").path, "f.rdb"]).status == 0)
  }
}
