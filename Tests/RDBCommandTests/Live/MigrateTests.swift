import Foundation
import RESP
import TestSupport
import Testing

@Suite("rdb migrate", .serialized)
struct MigrateTests {
  /// A server with the keys of the fixture of all types.
  private static func source(_ name: String = "redis-7.0.15/all", _ kind: LiveServer.Kind = .redis7) throws
    -> LiveServer
  {
    try LiveServer(atOnce: kind, dump: Fixture.named(name).bytes)
  }

  /// Has a server send its snapshot at once.
  private let atOnce = ["--repl-diskless-sync-delay", "0"]

  private static func arguments(_ source: LiveServer, _ target: LiveServer) -> [String] {
    ["migrate", "--from", "redis://127.0.0.1:\(source.port)", "--to", "redis://127.0.0.1:\(target.port)"]
  }

  @Test("All keys of a server arrive at one of another kind, and both are equal", arguments: LiveServer.Kind.allCases)
  func all(kind: LiveServer.Kind) throws {
    let runs = LiveRuns()
    let source = try Self.source()
    defer { source.stop() }
    let target = try LiveServer(atOnce: kind)
    defer { target.stop() }
    let outcome = try runs.run(Self.arguments(source, target) + ["--summary", "summary.json"])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.text.contains("keys equal\n"), "\(outcome.text)")
    #expect(outcome.text.contains("lost            nothing\n"))
    #expect(outcome.text.contains("Let the application use redis://127.0.0.1:\(target.port)."))
    try runs.expectEqual(Fixture.named("redis-7.0.15/all").path, target.port)
    let schema = try SchemaValidator.validate("migration.schema.json", ["\(runs.folder.path)/summary.json"])
    #expect(schema.status == 0, "\(schema.output)")
  }

  @Test("--scan moves the same keys without a synchronisation")
  func scan() throws {
    let runs = LiveRuns()
    let source = try Self.source()
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    let outcome = try runs.run(Self.arguments(source, target) + ["--scan"])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.error.contains("not at one point in time"))
    #expect(try source.send("INFO", "stats").text.contains("sync_full:0"))
    try runs.expectEqual(Fixture.named("redis-7.0.15/all").path, target.port)
  }

  @Test("One database goes into another, and a filter chooses keys")
  func databases() throws {
    let runs = LiveRuns()
    let source = try ServerInputTests.server(arguments: atOnce)
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7, arguments: ["--databases", "2"])
    defer { target.stop() }
    let refused = try runs.run(Self.arguments(source, target))
    #expect(refused.status == 76 && refused.error.contains("has keys in database 3"), "\(refused.error)")
    #expect(refused.error.contains("--db-map 3:0"))
    let mapped = try runs.run(Self.arguments(source, target) + ["--db-map", "3:1"])
    #expect(mapped.status == 0, "\(mapped.text)\(mapped.error)")
    #expect(mapped.text.contains("5 keys equal"))
    try target.send("FLUSHALL")
    let one = try runs.run([
      "migrate", "--from", "redis://127.0.0.1:\(source.port)/3", "--to", "redis://127.0.0.1:\(target.port)/1",
    ])
    #expect(one.status == 0, "\(one.text)\(one.error)")
    #expect(one.text.contains("1 key equal"), "\(one.text)")
    let chosen = try runs.run(Self.arguments(source, target) + ["-k", "^(hash|list)$", "--db", "0", "--replace"])
    #expect(chosen.status == 0, "\(chosen.text)\(chosen.error)")
    #expect(target.keyCount == 2)
  }

  @Test("A target with keys needs a choice, after which its other keys are no difference")
  func notEmpty() throws {
    let runs = LiveRuns()
    let source = try ServerInputTests.server(arguments: atOnce)
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    try target.send("SET", "plain", "before")
    try target.send("SET", "own", "1")
    let arguments = Self.arguments(source, target)
    let refused = try runs.run(arguments)
    #expect(refused.status == 76 && refused.error.contains("is not empty: it has 2 keys"), "\(refused.error)")
    let existing = try runs.run(arguments + ["--fail-if-exists"])
    #expect(existing.status == 76 && existing.error.contains("the server has key \"plain\""), "\(existing.error)")
    let kept = try runs.run(arguments + ["--nx"])
    #expect(kept.status == 1, "\(kept.text)\(kept.error)")
    #expect(kept.text.contains("kept at the target") && kept.text.contains("~ db0 plain"), "\(kept.text)")
    #expect(try target.send("GET", "plain").text == "before")
    let replaced = try runs.run(arguments + ["--replace"])
    #expect(replaced.status == 0, "\(replaced.text)\(replaced.error)")
    #expect(replaced.text.contains("5 keys equal, 1 extra, ignored"), "\(replaced.text)")
  }

  @Test("A dry run asks both servers and says what is missing, but changes nothing")
  func dryRun() throws {
    let runs = LiveRuns()
    let source = try ServerInputTests.server(arguments: atOnce + ["--notify-keyspace-events", "Egx"])
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7, arguments: ["--maxmemory", "1mb"])
    defer { target.stop() }
    let outcome = try runs.run(Self.arguments(source, target) + ["--dry-run", "--summary", "summary.json"])
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(
      outcome.error.contains("notify-keyspace-events of 127.0.0.1:\(target.port) lacks \"gxE\""), "\(outcome.error)")
    #expect(outcome.error.contains("left of its maxmemory"), "\(outcome.error)")
    #expect(outcome.text.contains("clocks          "))
    #expect(target.keyCount == 0)
    #expect(try source.send("INFO", "stats").text.contains("sync_full:0"))
    let schema = try SchemaValidator.validate("migration.schema.json", ["\(runs.folder.path)/summary.json"])
    #expect(schema.status == 0, "\(schema.output)")
  }

  @Test("--fix-notifications reaches the replicas too, and the sentinels of the source list no new replica")
  func notifications() throws {
    let runs = LiveRuns()
    let source = try ServerInputTests.server(arguments: atOnce + ["--notify-keyspace-events", "Egx"])
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    let replica = try LiveServer(atOnce: .redis7, arguments: ["--replicaof", "127.0.0.1 \(target.port)"])
    defer { replica.stop() }
    while try !target.send("INFO", "replication").text.contains("state=online") { usleep(10_000) }
    let outcome = try runs.run(Self.arguments(source, target) + ["--fix-notifications"])
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    for server in [target, replica] {
      let setting = try server.send("CONFIG", "GET", "notify-keyspace-events").elements?.last?.text
      #expect(setting.map { Set($0) } == Set("Egx"))
    }
  }

  @Test("The first key that the target cannot hold ends the migration, and --allow-loss goes on")
  func losses() throws {
    let runs = LiveRuns()
    let source = try Self.source("redis-8.2.3/hashttl", .redis8)
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    let stopped = try runs.run(Self.arguments(source, target))
    #expect(stopped.status == 65, "\(stopped.error)")
    #expect(stopped.error.contains("lost: "), "\(stopped.error)")
    #expect(stopped.error.contains("--allow-loss goes on"))
    try target.send("FLUSHALL")
    let outcome = try runs.run(Self.arguments(source, target) + ["--allow-loss"])
    #expect(outcome.status == 3, "\(outcome.error)")
    #expect(outcome.text.contains("lost            "), "\(outcome.text)")
  }

  @Test("A source that is lost in the middle is asked anew, and its keys replace those of the first attempt")
  func lostSource() throws {
    let runs = LiveRuns()
    let source = try LiveServer(
      atOnce: .redis7,
      // The server itself sends, not a process of its own, which would keep the connection open for a while.
      arguments: ["--enable-debug-command", "yes", "--rdbcompression", "no", "--repl-diskless-sync", "no"])
    defer { source.stop() }
    // More than waits in memory and sockets.
    try source.send("DEBUG", "POPULATE", "400", "big", "100000")
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    let arguments = Self.arguments(source, target) + ["--max-rate", "20mb", "--spool-max", "0"]
    let migration = try Tool.start(arguments, in: runs.folder)
    while migration.isRunning, target.keyCount < 5 { usleep(5000) }
    try source.send("CLIENT", "KILL", "TYPE", "replica")
    let outcome = migration.wait(atMost: 60)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.error.contains("beginning anew with a new snapshot"), "\(outcome.error)")
    #expect(outcome.text.contains("attempts        2, each with a new snapshot"), "\(outcome.text)")
    #expect(outcome.text.contains("400 keys equal"), "\(outcome.text)")
  }

  @Test("A user without a permission is named before the first write, and no output holds a password")
  func permissions() throws {
    let runs = LiveRuns()
    let source = try ServerInputTests.server(arguments: atOnce + ["--requirepass", "s0urceWord"])
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    try target.send("ACL", "SETUSER", "limited", "on", ">t4rgetWord", "~*", "+@all", "-set", "-unlink")
    let arguments = Self.arguments(source, target) + ["--to-user", "limited"]
    let environment = ["RDB_FROM_AUTH": "s0urceWord", "RDB_TO_AUTH": "t4rgetWord"]
    let outcome = try runs.run(arguments, environment: environment)
    #expect(outcome.status == 77, "\(outcome.error)")
    #expect(outcome.error.contains("may not run SET, UNLINK"), "\(outcome.error)")
    let wrong = try runs.run(arguments, environment: environment.merging(["RDB_FROM_AUTH": "wr0ng"]) { $1 })
    #expect(wrong.status == 77, "\(wrong.error)")
    for text in [outcome.error, wrong.error] {
      #expect(!text.contains("Word") && !text.contains("wr0ng"), "\(text)")
    }
    #expect(target.keyCount == 0)
  }

  @Test("A source that refuses a synchronisation is read with --scan, as the error says")
  func refusedSynchronisation() throws {
    let runs = LiveRuns()
    let source = try ServerInputTests.server(arguments: atOnce)
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    try source.send("ACL", "SETUSER", "default", "-psync", "-sync")
    let refused = try runs.run(Self.arguments(source, target))
    #expect(refused.status == 77, "\(refused.error)")
    #expect(refused.error.contains("--scan reads the keys"), "\(refused.error)")
    let scanned = try runs.run(Self.arguments(source, target) + ["--scan"])
    #expect(scanned.status == 0, "\(scanned.error)")
  }

  @Test("A source as target of itself, and a missing end, are refused with exit code 64")
  func usage() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    #expect(try runs.run(Self.arguments(server, server)).status == 64)
    #expect(try runs.run(["migrate", "--from", "redis://127.0.0.1:1"]).status == 64)
    #expect(try runs.run(["migrate", "--to", "redis://127.0.0.1:1"]).status == 64)
    let shifted = try runs.run(Self.arguments(server, server) + ["--ttl-shift", "1h"])
    #expect(shifted.status == 64 && shifted.error.contains("--no-verify"), "\(shifted.error)")
  }
}
