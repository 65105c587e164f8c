import Foundation
import RESP
import TestSupport
import Testing

@Suite("rdb load after interruptions", .serialized)
struct LoadRecoveryTests {
  @Test("A load that is killed at any moment goes on from its journal, and doubles nothing", .enabled(if: !isSampled))
  func killed() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 3000)
    var random = SeededGenerator(seed: 3)
    for moment in 0..<20 {
      try server.send("FLUSHALL")
      let journal = "journal-\(moment)"
      let restore = moment % 2 == 0 ? "never" : "auto"
      let arguments = [
        "load", name, "-p", "\(server.port)", "--resume", journal, "--restore", restore, "--connections",
        "\(1 + moment % 3)",
      ]
      let first = try Tool.start(arguments + ["--max-keys", "5000"], in: runs.folder)
      // The load is hit before, while, and after it writes.
      let isEarly = moment % 5 == 0
      while !isEarly, first.isRunning, server.keyCount == 0 { usleep(1000) }
      usleep(UInt32.random(in: 0..<500_000, using: &random))
      first.signal(SIGKILL)
      _ = first.wait(atMost: 10)
      let second = try runs.run(arguments)
      #expect(second.status == 0, "moment \(moment): \(second.error)")
      try runs.expectEqual(name, server.port)
    }
  }

  @Test("The first Ctrl-C ends a load when keys are safe, says how to go on, and the same command goes on")
  func interruptedOnce() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 2000)
    let arguments = ["load", name, "-p", "\(server.port)", "--resume", "journal"]
    let load = try Tool.start(arguments + ["--max-keys", "500"], in: runs.folder)
    while load.isRunning, server.keyCount == 0 { usleep(1000) }
    load.signal(SIGINT)
    let ended = load.wait(atMost: 30)
    #expect(ended.status == 130, "\(ended.error)")
    #expect(ended.error.contains("Ctrl-C once more ends at once"), "\(ended.error)")
    #expect(ended.error.contains("rdb: interrupted\n"), "\(ended.error)")
    #expect(ended.error.contains("The same command goes on after them."), "\(ended.error)")
    #expect(server.keyCount < 2000)
    let second = try runs.run(arguments)
    #expect(second.status == 0 && second.error.contains("going on after"), "\(second.error)")
    try runs.expectEqual(name, server.port)
  }

  @Test("The second Ctrl-C ends a load at once, also while the server is silent")
  func interruptedTwice() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 2000)
    let load = try Tool.start(["load", name, "-p", "\(server.port)", "--max-keys", "500"], in: runs.folder)
    while load.isRunning, server.keyCount == 0 { usleep(1000) }
    // No key becomes safe, so that the first Ctrl-C alone does not end the load: the replies before the pause are read first.
    try server.send("CLIENT", "PAUSE", "20000", "ALL")
    usleep(1_500_000)
    load.signal(SIGINT)
    usleep(300_000)
    #expect(load.isRunning)
    load.signal(SIGINT)
    let ended = load.wait(atMost: 10)
    #expect(ended.status == 130, "\(ended.error)")
    #expect(ended.error.contains("rdb: interrupted\n") && !ended.error.contains("goes on"), "\(ended.error)")
  }

  struct Unsteadiness: CustomStringConvertible, Sendable {
    var drop: DroppingProxy.Drop
    var connections: Int
    var restore: String
    var description: String { "\(drop), \(connections) connections, --restore \(restore)" }
  }

  @Test(
    "A load over connections that are closed again and again ends, and doubles nothing", .enabled(if: !isSampled),
    arguments: [
      Unsteadiness(drop: .afterBytes(300_000), connections: 1, restore: "never"),
      Unsteadiness(drop: .afterBytes(300_000), connections: 3, restore: "auto"),
      Unsteadiness(drop: .afterMilliseconds(150), connections: 1, restore: "auto"),
      Unsteadiness(drop: .afterMilliseconds(150), connections: 3, restore: "never"),
    ])
  func unsteady(_ unsteadiness: Unsteadiness) throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let proxy = try DroppingProxy(to: server.port, unsteadiness.drop)
    let name = try runs.generate(keys: 4000)
    var options = ["--connections", "\(unsteadiness.connections)", "--restore", unsteadiness.restore]
    if case .afterMilliseconds = unsteadiness.drop { options += ["--max-keys", "4000"] }
    for existing in [[], ["--replace"]] {
      if existing.isEmpty { try server.send("FLUSHALL") }
      let load = try runs.run(["load", name, "-p", "\(proxy.port)"] + options + existing)
      #expect(load.status == 0, "\(load.error)")
      try runs.expectEqual(name, server.port)
    }
    #expect(proxy.dropCount > 3)
  }

  @Test("A load goes on at the new master after a failover, and the new master has every key", .enabled(if: !isSampled))
  func failover() throws {
    let runs = LiveRuns()
    let servers = try LiveSentinels(replicas: 2, sentinels: 3)
    defer { servers.stop() }
    let name = try runs.generate(keys: 9000)
    let master = servers.servers[0]
    let sentinels = servers.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    let address = "redis-sentinel://\(sentinels)/mymaster"
    let load = try Tool.start(["load", name, "-u", address, "--max-keys", "3000"], in: runs.folder)
    while load.isRunning, master.keyCount < 4000 { usleep(10_000) }
    #expect(load.isRunning)
    master.stop()
    let outcome = load.wait(atMost: 120)
    #expect(outcome.status == 0, "\(outcome.error)")
    let port = try servers.waitForMaster(otherThan: master.port)
    try runs.expectEqual(name, ["-p", "\(port)", "--allow-sentinel-entry"])
    try runs.expectEqual(name, ["-u", address])
  }

  @Test("A load stops when the server's memory is full, and goes on from its journal after the limit is raised")
  func memoryFull() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 6000)
    let information = try server.send("INFO", "memory").text
    let used = Int(information.split(separator: "used_memory:")[1].prefix { $0.isNumber })!
    for options in [[], ["--on-error", "skip"]] {
      try server.send("FLUSHALL")
      try server.send("CONFIG", "SET", "maxmemory", "\(used + 1_500_000)")
      let arguments =
        ["load", name, "-p", "\(server.port)", "--resume", "journal\(options.count)", "--max-keys", "20000"] + options
      let full = try runs.run(arguments)
      #expect(full.status == 76, "\(full.error)")
      #expect(full.error.contains("OOM"))
      #expect(full.error.contains("Raise maxmemory at the server, or load fewer keys."))
      #expect(server.keyCount > 0)
      try server.send("CONFIG", "SET", "maxmemory", "0")
      let again = try runs.run(arguments)
      #expect(again.status == 0, "\(again.error)")
      #expect(again.error.contains("going on after"), "\(again.error)")
      try runs.expectEqual(name, server.port)
    }
  }

  @Test("An existing key that ended a load ends it again, although the journal has keys before it")
  func existingKeyAfterResume() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    runs.folder.write(Crafted.large(count: 5000), as: "many.rdb")
    try server.send("SET", "key:3000", "before")
    let arguments = ["load", "many.rdb", "-p", "\(server.port)", "--resume", "journal"]
    for _ in 0..<2 {
      let refused = try runs.run(arguments)
      #expect(refused.status == 76, "\(refused.error)")
      #expect(refused.error.contains("the server has key \"key:3000\" in database 0 already"), "\(refused.error)")
    }
    try server.send("DEL", "key:3000")
    #expect(try runs.run(arguments).status == 0)
    try runs.expectEqual("many.rdb", server.port)
  }

  @Test("Keys of somebody else are found after an interruption, however many", arguments: [true, false])
  func foreignKeysAfterResume(restores: Bool) throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    runs.folder.write(
      Crafted.snapshot { snapshot in
        for index in 0..<300 {
          snapshot.string("s:\(index)", "value", expiry: index % 2 == 0 ? 4_102_444_800_000 : nil)
          snapshot.list("l:\(index)", ["a", "b"])
          snapshot.hash("h:\(index)", [("f", "v")], expiry: 4_102_444_800_000)
        }
      }, as: "many.rdb")
    try server.send("ACL", "SETUSER", "limited", "on", ">word", "~*", "+@all", restores ? "+restore" : "-restore")
    let arguments = ["load", "many.rdb", "-p", "\(server.port)", "--resume", "journal", "--user", "limited"]
    // The same value without the expiry is another key too.
    try server.send("SET", "s:100", "value")
    try server.send("RPUSH", "l:150", "a", "b", "c")
    try server.send("HSET", "h:200", "f", "v")
    try server.send("SET", "h:250", "before")
    for name in ["s:100", "l:150", "h:200", "h:250"] {
      let refused = try runs.run(arguments, environment: ["REDISCLI_AUTH": "word"])
      #expect(refused.status == 76, "\(refused.error)")
      #expect(refused.error.contains("the server has key \"\(name)\" in database 0 already"), "\(refused.error)")
      try server.send("DEL", name)
    }
    let complete = try runs.run(arguments, environment: ["REDISCLI_AUTH": "word"])
    #expect(complete.status == 0, "\(complete.error)")
    try runs.expectEqual("many.rdb", server.port)
  }

  @Test("A server that is started anew without its data gets every key all the same", arguments: ["auto", "never"])
  func restart(restore: String) throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7, arguments: ["--enable-debug-command", "yes"])
    defer { server.stop() }
    let name = try runs.generate(keys: 4000)
    let arguments = ["load", name, "-p", "\(server.port)", "--restore", restore, "--max-keys", "3000", "--resume", "j"]
    let load = try Tool.start(arguments, in: runs.folder)
    while load.isRunning, server.keyCount < 1500 { usleep(10_000) }
    _ = try? server.send("DEBUG", "RESTART")
    let outcome = load.wait(atMost: 60)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error.contains("the server was started anew"), "\(outcome.error)")
    try runs.expectEqual(name, server.port)
    // Also after a load that was complete.
    let done = try runs.run(arguments)
    #expect(done.status == 0 && done.error.contains("are loaded already"), "\(done.error)")
    _ = try? server.send("DEBUG", "RESTART")
    let again = try runs.run(arguments)
    #expect(again.status == 0 && again.error.contains("sending all keys again"), "\(again.error)")
    try runs.expectEqual(name, server.port)
  }

  @Test("Keys that the server refused are not forgotten by the next run")
  func refusedKeys() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7, arguments: ["--rename-command", "HSET", "hidden-hset"])
    defer { server.stop() }
    let arguments = [
      "load", Fixture.named("redis-7.0.15/all").path, "-p", "\(server.port)", "--resume", "journal", "--restore",
      "never", "--on-error", "skip", "--replace",
    ]
    let first = try runs.run(arguments)
    #expect(first.status == 3, "\(first.error)")
    #expect(first.error.contains("the server refused HSET") && !first.error.contains("with args"), "\(first.error)")
    let second = try runs.run(arguments)
    #expect(second.status == 3, "\(second.error)")
    #expect(second.error.contains("keys are loaded already") && second.error.contains("the server refused"))
  }

  @Test("A journal that cannot be written ends a load with exit code 74, and is named")
  func fullJournal() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 6000)
    let outcome = Tool.shell(
      "trap '' XFSZ; ulimit -f 1; rdb load \(name) -p \(server.port) --max-keys 3000 --resume journal", in: runs.folder)
    #expect(outcome.status == 74, "\(outcome.error)")
    #expect(outcome.error.contains("journal: "), "\(outcome.error)")
  }

  // MARK: Servers that do not answer

  @Test(
    "A server that is silent for a while gets every key once, and its old connections are ended",
    .enabled(if: !isSampled))
  func silence() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7, arguments: ["--enable-debug-command", "yes"])
    defer { server.stop() }
    let name = try runs.generate(keys: 6000)
    let load = try Tool.start(
      [
        "load", name, "-p", "\(server.port)", "--restore", "never", "--replace", "--max-keys", "3000", "--timeout",
        "1s",
      ],
      in: runs.folder)
    while load.isRunning, server.keyCount < 2000 { usleep(10_000) }
    try server.send("DEBUG", "SLEEP", "3")
    let outcome = load.wait(atMost: 60)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error.contains("was silent for 1 s; connecting again"), "\(outcome.error)")
    try runs.expectEqual(name, server.port)
  }

  @Test("A server that reads its data into memory is waited for")
  func loading() throws {
    let runs = LiveRuns()
    let name = try runs.generate(keys: 3000)
    let dump = [UInt8](try #require(runs.folder.contents(of: name)))
    let server = try LiveServer(reloadable: .redis7, dump: dump)
    defer { server.stop() }
    let before = server.keyCount
    try server.reloadSlowly()
    runs.folder.write(Crafted.large(count: 100), as: "more.rdb")
    try runs.load("more.rdb", server.port)
    #expect(server.keyCount == before + 100)
  }

  // MARK: Servers that refuse

  @Test("A wrong password and a missing permission end a load with exit code 77, and no output holds the password")
  func permissions() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 500)
    try server.send("ACL", "SETUSER", "limited", "on", ">r1ghtWord", "~*", "+@all", "-rpush", "-restore")
    let arguments = ["load", name, "-p", "\(server.port)", "--user", "limited", "--resume", "journal"]
    let wrong = try runs.run(arguments, environment: ["REDISCLI_AUTH": "wr0ngWord"])
    #expect(wrong.status == 77)
    #expect(wrong.error.contains("WRONGPASS"))
    let refused = try runs.run(arguments, environment: ["REDISCLI_AUTH": "r1ghtWord"])
    #expect(refused.status == 77)
    #expect(refused.error.contains("NOPERM") && refused.error.contains("rpush"), "\(refused.error)")
    let journal = String(decoding: runs.folder.contents(of: "journal") ?? Data(), as: UTF8.self)
    for secret in ["wr0ngWord", "r1ghtWord"] {
      #expect(!(wrong.error + refused.error + journal).contains(secret))
    }
  }

  @Test("Nothing of a key is visible if one of its commands is refused, and it is loaded later as a whole")
  func halfKey() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    runs.folder.write(
      Crafted.snapshot {
        $0.list("before", ["a"])
        $0.hash("timed", [("a", "b")], expiry: 4_102_444_800_000)
        $0.hash("large", (0..<2000).map { ("f\($0)", "v") }, expiry: 4_102_444_800_000)
        $0.list("after", ["a"])
      }, as: "timed.rdb")
    try server.send("ACL", "SETUSER", "limited", "on", ">word", "~*", "+@all", "-pexpireat", "-restore")
    for option in ["--fail-if-exists", "--nx", "--replace"] {
      try server.send("FLUSHALL")
      if option == "--replace" { try server.send("RPUSH", "timed", "old") }
      let arguments = ["load", "timed.rdb", "-p", "\(server.port)", "--resume", "journal\(option)", option]
      let refused = try runs.run(arguments + ["--user", "limited"], environment: ["REDISCLI_AUTH": "word"])
      #expect(refused.status == 77, "\(refused.error)")
      #expect(try server.send("EXISTS", "timed", "large") == .integer(option == "--replace" ? 1 : 0))
      if option == "--replace" { #expect(try server.send("PTTL", "timed") == .integer(-1)) }
      try server.send("ACL", "SETUSER", "limited", "+pexpireat")
      let again = try runs.run(arguments + ["--user", "limited"], environment: ["REDISCLI_AUTH": "word"])
      #expect(again.status == 0, "\(again.error)")
      try runs.expectEqual("timed.rdb", server.port)
      try server.send("ACL", "SETUSER", "limited", "-pexpireat")
    }
  }

  @Test("A journal is refused with any other option that changes the keys, and with keys in an order of their own")
  func otherOptions() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let arguments = ["load", Fixture.named("redis-7.0.15/all").path, "-p", "\(server.port)", "--resume", "journal"]
    #expect(try runs.run(arguments).status == 0)
    #expect(try runs.run(arguments + ["--connections", "2", "--quiet"]).status == 0)
    for options in [
      ["--skip-unknown"], ["--max-string", "1mb"], ["--until-offset", "9"], ["--grouped"], ["--server", "6.2"],
      ["-k", "x"], ["--skip-damaged"], ["--restore", "never"],
    ] {
      let refused = try runs.run(arguments + options)
      #expect(refused.status == 64, "\(options): \(refused.error)")
      #expect(refused.error.contains("with other options"), "\(options): \(refused.error)")
    }
    let engine = try runs.run(arguments + ["--engine", "redis-server"])
    #expect(engine.status == 64 && engine.error.contains("--resume and --engine"), "\(engine.error)")
  }

  @Test("A replica is refused, and a closed port named, at once")
  func noMaster() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let replica = try LiveServer(atOnce: .redis7, arguments: ["--replicaof", "127.0.0.1 \(server.port)"])
    defer { replica.stop() }
    let input = Fixture.named("redis-7.0.15/all").path
    let refused = try runs.run(["load", input, "-p", "\(replica.port)"], atMost: 20)
    #expect(refused.status == 76)
    #expect(refused.error.contains("is a replica, and takes no writes"))
    let port = try LiveServer.freePort()
    let closed = try runs.run(["load", input, "-p", "\(port)"], atMost: 20)
    #expect(closed.status == 69)
    #expect(closed.error.contains("cannot connect to 127.0.0.1:\(port)"))
  }
}
