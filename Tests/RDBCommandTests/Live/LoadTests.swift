import Foundation
import RESP
import TestSupport
import Testing

@Suite("rdb load", .serialized)
struct LoadTests {
  private static func fixtures(_ kind: LiveServer.Kind) -> [Fixture] {
    let folder =
      switch kind {
      case .redis6, .redis7: "redis-7.0.15"
      case .redis8: "redis-8.2.3"
      case .valkey9: "valkey-9.1.2"
      }
    let topics = ["all", "rich", "streams", "hashttl", "multidb", "functions"]
    return Fixture.all.filter { $0.folder == folder && topics.contains($0.topic) }
      + [.named("redis-6.2.16/sessions"), .named("redis-2.8.24/all")]
  }

  @Test("A snapshot that is loaded and fetched again has not changed", arguments: LiveServer.Kind.allCases)
  func roundTrip(_ kind: LiveServer.Kind) throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: kind)
    defer { server.stop() }
    for (index, fixture) in Self.fixtures(kind).enumerated() {
      for options in [["--restore", "never"], ["--connections", "3"]] {
        try server.send("FLUSHALL")
        try server.send("FUNCTION", "FLUSH")
        let load = try runs.run(["load", fixture.path, "-p", "\(server.port)", "--replace"] + options)
        #expect(load.status == 0, "\(fixture) \(options): \(load.error)")
        if options[0] == "--restore", index % 2 == 1 { continue }
        try runs.expectEqual(fixture.path, server.port)
      }
    }
  }

  @Test("The commands of rdb resp and an append-only file are inputs too, also compressed and through a pipe")
  func otherInputs() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let all = Fixture.named("redis-7.0.15/all")
    #expect(try runs.run(["resp", all.path, "-o", "all.resp"]).status == 0)
    try runs.load("all.resp", server.port)
    try runs.expectEqual(all.path, server.port)
    try server.send("FLUSHALL")
    let shell = Tool.shell("gzip <all.resp | rdb load - -p \(server.port) --replace", in: runs.folder)
    #expect(shell.status == 0, "\(shell.error)")
    try runs.expectEqual(all.path, server.port)
    try server.send("FLUSHALL")
    let log = Fixture.root + "/aof/redis-4.0.14-rewritten.aof"
    try runs.load(log, server.port)
    try runs.expectEqual(log, server.port)
  }

  @Test(
    "A file that only sets strings arrives whole, also with a trailer, and one that sets a key twice with the last value"
  )
  func setCommands() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 5000, profile: "strings")
    let connection = try LiveConnection(port: server.port)
    for trailer in [[], ["--trailer"]] {
      try connection.command("FLUSHALL")
      #expect(try runs.run(["resp", name, "-o", "strings.resp", "--target", "7.0"] + trailer).status == 0)
      let load = try runs.load("strings.resp", server.port, "--resume", "journal\(trailer.count)")
      #expect(load.error.contains("5000 keys to load"), "\(load.error)")
      #expect(load.error.contains("and no trailer") == trailer.isEmpty)
      try runs.expectEqual(name, server.port)
      let again = try runs.run(["load", "strings.resp", "-p", "\(server.port)"])
      #expect(again.status == 76, "\(again.error)")
      let kept = try runs.load("strings.resp", server.port, "--nx")
      #expect(kept.error.contains("5000 keys existed, kept as before"), "\(kept.error)")
      let done = try runs.load("strings.resp", server.port, "--resume", "journal\(trailer.count)")
      #expect(done.error.contains("all 5000 keys are loaded already"), "\(done.error)")
    }
    try connection.command("FLUSHALL")
    let twice = [["SET", "k", "1"], ["SET", "other", "x"], ["SET", "k", "2"]]
    runs.folder.write(twice.flatMap { RESPText.command($0.map { Array($0.utf8) }) }, as: "twice.resp")
    try runs.load("twice.resp", server.port)
    #expect(try connection.command("GET", "k").text == "2")
    // Into another database, from several.
    let two = [["SELECT", "2"], ["SET", "k", "1"], ["SELECT", "0"], ["SET", "k", "3", "PXAT", "4102444800001"]]
    runs.folder.write(two.flatMap { RESPText.command($0.map { Array($0.utf8) }) }, as: "two.resp")
    try connection.command("FLUSHALL")
    try runs.load("two.resp", server.port, "--db-map", "2:5")
    #expect(try connection.command("PEXPIRETIME", "k") == .integer(4_102_444_800_001))
    try connection.command("SELECT", "5")
    #expect(try connection.command("GET", "k").text == "1")
  }

  @Test("-n loads every key into one database")
  func oneDatabase() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let all = Fixture.named("redis-6.2.16/sessions")
    try runs.load(all.path, server.port, "-n", "3")
    #expect(server.keyCount == 0)
    #expect(try runs.run(["fetch", "-p", "\(server.port)", "-o", "f.rdb"]).status == 0)
    let keys = try runs.run(["stats", "f.rdb", "--json"]).text
    #expect(keys.contains("\"3\"") || keys.contains("\"database\":3") || keys.contains("3"))
  }

  @Test("An existing key ends the load, which names it; --replace replaces it, and --nx keeps it")
  func existingKeys() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    runs.folder.write(
      Crafted.snapshot {
        $0.string("a", "1")
        $0.select(2)
        $0.string("taken", "2")
        $0.string("z", "3")
      }, as: "three.rdb")
    let connection = try LiveConnection(port: server.port)
    try connection.command("SELECT", "2")
    try connection.command("SET", "taken", "before")
    let refused = try runs.run(["load", "three.rdb", "-p", "\(server.port)"])
    #expect(refused.status == 76)
    #expect(refused.error.contains("the server has key \"taken\" in database 2 already"), "\(refused.error)")
    #expect(refused.error.contains("--replace"))
    try connection.command("FLUSHALL")
    try connection.command("SET", "taken", "before")
    let kept = try runs.load("three.rdb", server.port, "--nx")
    #expect(kept.error.contains("1 key existed, kept as before"), "\(kept.error)")
    #expect(try connection.command("GET", "taken").text == "before")
    #expect(try connection.command("DBSIZE") == .integer(2))
    try runs.load("three.rdb", server.port, "--replace")
    try runs.expectEqual("three.rdb", server.port)
  }

  @Test("Loading twice with --replace doubles nothing, whether values go as RESTORE or as commands")
  func twice() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 2000)
    for restore in ["never", "auto"] {
      for _ in 0..<2 { try runs.load(name, server.port, "--replace", "--restore", restore, "--connections", "2") }
      try runs.expectEqual(name, server.port)
    }
  }

  @Test("A dry run writes nothing, and no run leaves a key of its own behind")
  func nothingElse() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let dry = try runs.load(Fixture.named("redis-7.0.15/all").path, server.port, "--dry-run")
    #expect(dry.error.contains("dry run: nothing was loaded"))
    #expect(dry.error.contains(" would be written, "), "\(dry.error)")
    #expect(server.keyCount == 0)
  }

  // MARK: Inputs that are refused

  @Test("--require-trailer refuses commands without the trailer, and takes those with it and snapshots")
  func trailer() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let all = Fixture.named("redis-7.0.15/all").path
    #expect(try runs.run(["resp", all, "--trailer", "-o", "sealed.resp"]).status == 0)
    #expect(try runs.run(["resp", all, "-o", "open.resp"]).status == 0)
    let sealed = [UInt8](try #require(runs.folder.contents(of: "sealed.resp")))
    // Equal sizes, so that the trailer is there.
    var changed = sealed
    changed[try #require(changed.firstIndex(of: UInt8(ascii: "v")))] = UInt8(ascii: "w")
    runs.folder.write(changed, as: "changed.resp")
    let pair = String(decoding: sealed.prefix(40), as: UTF8.self)
    #expect(pair.hasPrefix("*"))
    for (name, words) in [("open.resp", "no trailer"), ("changed.resp", "the trailer says")] {
      let refused = try runs.run(["load", name, "-p", "\(server.port)", "--require-trailer"])
      #expect(refused.status == 65 && refused.error.contains(words), "\(refused.error)")
      #expect(server.keyCount == 0)
    }
    for input in ["sealed.resp", all] {
      try runs.load(input, server.port, "--require-trailer", "--replace")
      try runs.expectEqual(all, server.port)
    }
  }

  @Test("Commands without the trailer are named with their number, those with it and snapshots are not")
  func unsealed() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    runs.folder.write(Crafted.snapshot { $0.string("a", "1") }, as: "one.rdb")
    #expect(try runs.run(["resp", "one.rdb", "-o", "open.resp"]).status == 0)
    #expect(try runs.run(["resp", "one.rdb", "--trailer", "-o", "sealed.resp"]).status == 0)
    let words = "a cut between two commands would go unnoticed"
    for (name, count) in [("open.resp", "2 commands"), ("sealed.resp", nil), ("one.rdb", nil)] {
      let load = try runs.load(name, server.port, "--replace")
      #expect(load.error.contains(words) == (count != nil), "\(load.error)")
      #expect(load.error.contains("\(name): \(count ?? "") and no trailer") == (count != nil), "\(load.error)")
    }
    // A sealed file that was cut between two commands has lost its trailer.
    let sealed = [UInt8](try #require(runs.folder.contents(of: "sealed.resp")))
    let last = try #require(sealed.indices.last { sealed[$0] == UInt8(ascii: "*") && $0 > 0 && sealed[$0 - 1] == 10 })
    runs.folder.write(Array(sealed[..<last]), as: "cut.resp")
    let cut = try runs.run(["load", "cut.resp", "-p", "\(server.port)", "--replace", "--require-trailer"])
    #expect(cut.status == 65 && cut.error.contains("no trailer"), "\(cut.error)")
  }

  @Test("A user without RESTORE loads everything as commands, and existing keys stay")
  func withoutRestore() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    try server.send("ACL", "SETUSER", "plain", "on", ">word", "~*", "+@all", "-restore")
    let all = Fixture.named("redis-7.0.15/all").path
    let arguments = ["load", all, "-p", "\(server.port)", "--user", "plain"]
    for options in [[], ["--replace"], ["--nx"]] {
      let load = try runs.run(arguments + options, environment: ["REDISCLI_AUTH": "word"])
      #expect(load.status == 0, "\(load.error)")
      try runs.expectEqual(all, server.port)
    }
  }

  @Test(
    "A file of commands that a Windows shell rewrote is refused before the first write",
    arguments: ["byte order mark", "UTF-16", "line ends", "cut inside"])
  func rewrittenInput(_ damage: String) throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    #expect(try runs.run(["resp", Fixture.named("redis-7.0.15/all").path, "-o", "all.resp"]).status == 0)
    let bytes = [UInt8](try #require(runs.folder.contents(of: "all.resp")))
    let rewritten: [UInt8] =
      switch damage {
      case "byte order mark": [0xEF, 0xBB, 0xBF] + bytes
      case "UTF-16": [0xFF, 0xFE] + bytes.flatMap { [$0, 0] }
      case "line ends": bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }
      default: bytes.dropLast(bytes.count / 2 + 1)
      }
    runs.folder.write(rewritten, as: "damaged.resp")
    let load = try runs.run(["load", "damaged.resp", "-p", "\(server.port)"])
    #expect(load.status == 65, "\(load.error)")
    let words = [
      "byte order mark": "byte order mark", "UTF-16": "UTF-16", "line ends": "text mode",
      "cut inside": "the end of the file",
    ]
    #expect(load.error.lowercased().contains(words[damage]!.lowercased()), "\(load.error)")
    #expect(server.keyCount == 0)
  }
}
