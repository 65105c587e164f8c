import Foundation
import RDBSupport
import RESP
import TestSupport
import Testing

@Suite("rdb migrate --follow", .serialized)
struct MigrateFollowTests {
  /// A client that increments counters and appends to lists until it is stopped, or is kept waiting by a pause.
  private final class Writer: Sendable {
    private let isStopped = ByteCounter()
    private let count = ByteCounter()
    private let isOver = DispatchSemaphore(value: 0)

    /// The number of rounds so far.
    var roundCount: UInt64 { count.value }

    /// - Parameter name: The end of the names of the keys that only this client writes.
    init(to port: UInt16, _ name: String) {
      let (isStopped, count, isOver) = (isStopped, count, isOver)
      WorkerThread.detach {
        defer { isOver.signal() }
        guard let connection = try? LiveConnection(port: port) else { return }
        while isStopped.value == 0 {
          let start = MonotonicTime.now
          let round = "\(count.value)"
          let commands = [
            ["INCR", "counter:\(name)"], ["RPUSH", "list:\(name)", round], ["MULTI"], ["SET", "last:\(name)", round],
            ["RPUSH", "pairs:\(name)", round], ["EXEC"], ["SET", "session:\(name):\(round)", "\u{1}", "PX", "600000"],
          ]
          guard (try? connection.commands(commands.map { $0.map { Array($0.utf8) } })) != nil else { return }
          count.add(1)
          // A pause of the server ends the writing.
          if MonotonicTime.now - start > 400_000_000 { return }
          usleep(500)
        }
      }
    }

    func stop() {
      isStopped.set(1)
      isOver.wait()
    }
  }

  /// Expects that each of a writer's commands, up to one moment, was applied once.
  private func expectOnce(_ name: String, at port: UInt16, location: SourceLocation = #_sourceLocation) throws {
    let live = try LiveConnection(port: port)
    let counter = Int(try live.command("GET", "counter:\(name)").text) ?? -1
    #expect(counter > 0, sourceLocation: location)
    for list in ["list", "pairs"] {
      let elements = try live.command("LRANGE", "\(list):\(name)", "0", "-1").elements?.map(\.text) ?? []
      let isWhole = elements == (0..<elements.count).map { "\($0)" }
      #expect(isWhole, "\(list) has \(elements.count) elements", sourceLocation: location)
      #expect((counter - 1...counter).contains(elements.count), sourceLocation: location)
    }
    let last = Int(try live.command("GET", "last:\(name)").text) ?? -1
    #expect((counter - 2...counter - 1).contains(last), sourceLocation: location)
  }

  private func waitUntil(
    _ what: String, location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
  ) throws {
    for _ in 0..<3000 {
      if (try? condition()) == true { return }
      usleep(10_000)
    }
    Issue.record("not in 30 s: \(what)", sourceLocation: location)
  }

  private func source() throws -> LiveServer {
    let runs = LiveRuns()
    let name = try runs.generate(keys: 1500, profile: "sessions")
    return try LiveServer(atOnce: .redis7, dump: [UInt8](try #require(runs.folder.contents(of: name))))
  }

  private func arguments(_ source: LiveServer, to target: String, _ more: String...) -> [String] {
    ["migrate", "--from", "redis://127.0.0.1:\(source.port)", "--to", target, "--follow"] + more
  }

  /// Starts a migration, and waits until it has loaded the snapshot and follows the source.
  private func startFollowing(_ arguments: [String], in folder: Scratch) throws -> Tool.Running {
    let migration = try Tool.start(arguments, in: folder)
    try waitUntil("following begins") { migration.error.contains("following 127.0.0.1") }
    return migration
  }

  @Test(
    "A source under constant writes moves to sentinels whose master is killed meanwhile, and nothing is lost or doubled",
    .enabled(if: !isSampled)
  )
  func failover() throws {
    let runs = LiveRuns()
    let source = try source()
    defer { source.stop() }
    let servers = try LiveSentinels(replicas: 2, sentinels: 3)
    defer { servers.stop() }
    let writers = ["a", "b"].map { Writer(to: source.port, $0) }
    defer { for writer in writers { writer.stop() } }
    let sentinels = servers.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    let migration = try startFollowing(
      arguments(
        source, to: "redis-sentinel://\(sentinels)/mymaster", "--pause-source", "--fix-notifications", "--summary",
        "summary.json"), in: runs.folder)
    let master = servers.servers[0]
    func counter(_ port: UInt16) throws -> Int {
      Int(try LiveConnection(port: port).command("GET", "counter:a").text) ?? 0
    }
    let before = try counter(master.port)
    try waitUntil("commands arrive") { try counter(master.port) > before + 20 }
    master.stop()
    let port = try servers.waitForMaster(otherThan: master.port)
    let after = try counter(port)
    try waitUntil("commands arrive at the new master") { try counter(port) > after + 20 }
    migration.signal(SIGINT)
    let outcome = migration.wait(atMost: 60)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.text.contains("keys equal\n"), "\(outcome.text)")
    #expect(outcome.text.contains("writes were paused"), "\(outcome.text)")
    for name in ["a", "b"] { try expectOnce(name, at: port) }
    let keys = try LiveConnection(port: port).command("KEYS", "swift-rdb:*").elements
    #expect(keys == [])
    // The writes were let go on.
    #expect(try source.send("SET", "after", "1").text == "OK")
    let schema = try SchemaValidator.validate("migration.schema.json", ["\(runs.folder.path)/summary.json"])
    #expect(schema.status == 0, "\(schema.output)")
  }

  @Test("A cut connection to the source goes on where it was, and --cutover-when-lag ends by itself")
  func cutLink() throws {
    let runs = LiveRuns()
    let source = try source()
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    let writer = Writer(to: source.port, "a")
    let migration = try startFollowing(arguments(source, to: "redis://127.0.0.1:\(target.port)"), in: runs.folder)
    for round in 1...3 {
      try source.send("CLIENT", "KILL", "TYPE", "replica")
      try waitUntil("the link is made anew") {
        try source.send("INFO", "stats").text.contains("sync_partial_ok:\(round)")
      }
    }
    writer.stop()
    migration.signal(SIGINT)
    let outcome = migration.wait(atMost: 60)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.text.contains("keys equal\n"), "\(outcome.text)")
    #expect(outcome.text.contains("after it is not moved"), "\(outcome.text)")
    #expect(try source.send("INFO", "stats").text.contains("sync_full:1"))
    try expectOnce("a", at: target.port)
  }

  @Test(
    "A migration that is killed while it follows goes on from its offset, and doubles nothing", .enabled(if: !isSampled)
  )
  func killed() throws {
    let runs = LiveRuns()
    let source = try source()
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    let writer = Writer(to: source.port, "a")
    let arguments = arguments(source, to: "redis://127.0.0.1:\(target.port)", "--cutover-when-lag", "0")
    for _ in 0..<2 {
      let first = try startFollowing(arguments.dropLast(2).map { $0 }, in: runs.folder)
      let round = writer.roundCount
      try waitUntil("the source is written to") { writer.roundCount > round + 50 }
      first.signal(SIGKILL)
      _ = first.wait(atMost: 10)
    }
    writer.stop()
    let outcome = try runs.run(arguments, atMost: 60)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.error.contains("going on from offset"), "\(outcome.error)")
    #expect(outcome.text.contains(" equal"), "\(outcome.text)")
    try expectOnce("a", at: target.port)
    #expect(try target.send("GET", "counter:a").text == "\(writer.roundCount)")
    #expect(try source.send("INFO", "stats").text.contains("sync_full:1"))
  }

  @Test("A signal other than Ctrl-C aborts at once, and the position at the target remains")
  func aborted() throws {
    let runs = LiveRuns()
    let source = try source()
    defer { source.stop() }
    let target = try LiveServer(atOnce: .redis7)
    defer { target.stop() }
    let migration = try startFollowing(arguments(source, to: "redis://127.0.0.1:\(target.port)"), in: runs.folder)
    migration.signal(SIGTERM)
    let outcome = migration.wait(atMost: 10)
    #expect(outcome.status == 128 + SIGTERM, "\(outcome.error)")
    #expect(try LiveConnection(port: target.port).command("KEYS", "swift-rdb:position:*").elements?.count == 1)
  }

  @Test("Options that do not suit each other are refused with exit code 64")
  func usage() throws {
    let runs = LiveRuns()
    let ends = ["migrate", "--from", "redis://127.0.0.1:1", "--to", "redis://127.0.0.1:2"]
    for options in [
      ["--pause-source"], ["--cutover-when-lag", "0"], ["--follow", "--scan"], ["--follow", "-k", "a"],
      ["--follow", "--nx"], ["--follow", "--expired", "skip"],
    ] {
      let outcome = try runs.run(ends + options)
      #expect(outcome.status == 64, "\(options): \(outcome.error)")
    }
  }
}
