import Foundation
import RESP
import TestSupport
import Testing

/// Commands whose target or source is a cluster.
@Suite("Clusters", .serialized)
struct ClusterTests {
  private static let moving = "{moving}"

  /// The slot of ``moving``, as a node tells it.
  private static func movingSlot(_ cluster: LiveCluster) throws -> Int {
    guard case .integer(let slot) = try cluster.servers[0].send("CLUSTER", "KEYSLOT", moving) else { return -1 }
    return Int(slot)
  }

  /// Makes a snapshot of a cluster of two masters, with keys of all kinds, of which many are in one slot.
  private static func snapshot(_ runs: LiveRuns, _ kind: LiveServer.Kind) throws -> String {
    let source = try LiveCluster(kind, masters: 2)
    defer { source.stop() }
    let generated = try runs.generate(keys: 3000)
    let load = try runs.run(["load", generated, "-u", source.address, "--db", "0"])
    #expect(load.status == 0, "\(load.error)")
    let live = try LiveConnection(port: source.servers[source.home(of: try movingSlot(source))].port)
    for index in 0..<2000 {
      let name = Array("\(moving):\(index)".utf8)
      let command =
        index % 2 == 0 ? [Array("SET".utf8), name, name] : [Array("RPUSH".utf8), name, Array("a".utf8), name]
      if case .error(let words) = try live.commands([command])[0] {
        throw LiveServer.Failure(description: String(decoding: words, as: UTF8.self))
      }
      if index % 5 == 0 { try live.command("PEXPIREAT", "\(moving):\(index)", "4000000000123") }
    }
    let fetch = try runs.run(["fetch", "--scan", "-u", source.address, "-o", "source.rdb"])
    #expect(fetch.status == 0, "\(fetch.error)")
    #expect(fetch.error.contains("keys read by SCAN and DUMP"))
    let verify = try runs.run(["verify", "source.rdb", "--against", source.address])
    #expect(verify.status == 0, "\(verify.text.prefix(1000))\(verify.error)")
    return "source.rdb"
  }

  @Test(
    "A snapshot of a cluster with other shards is in a cluster of three masters afterwards, while a slot moves",
    arguments: [LiveServer.Kind.redis7, .valkey9])
  func load(kind: LiveServer.Kind) throws {
    let runs = LiveRuns()
    let source = try Self.snapshot(runs, kind)
    let target = try LiveCluster(kind)
    defer { target.stop() }
    let slot = try Self.movingSlot(target)
    for options in [["--restore", "never"], ["--restore", "never", "--replace"], ["--replace"]] {
      let mover = SlotMover(target, slot)
      let load = Result {
        try runs.run(["load", source, "-u", target.address, "--max-keys", "5000"] + options)
      }
      let moveCount = try mover.stop()
      let outcome = try load.get()
      #expect(outcome.status == 0 && moveCount > 0, "\(options): \(outcome.error)")
      // MIGRATE, which moves the keys of a slot, tells the other node the remaining time, which shifts an expiry a little.
      let verify = try runs.run(["verify", source, "--against", target.address, "--ttl-tolerance", "1s"])
      #expect(verify.status == 0, "\(options), \(moveCount) moves: \(verify.text.prefix(1000))\(verify.error)")
    }
    // Nothing is doubled, and what exists ends a load that must replace nothing.
    let again = try runs.run(["load", source, "-u", target.address, "--restore", "never"])
    #expect(again.status == 76 && again.error.contains("--replace"), "\(again.error)")
    let kept = try runs.run(["load", source, "-u", target.address, "--restore", "never", "--nx"])
    #expect(kept.status == 0 && kept.error.contains("existed, kept as before"), "\(kept.error)")
  }

  @Test("A load into a cluster that is killed at any moment goes on from its journal, and doubles nothing")
  func killed() throws {
    let runs = LiveRuns()
    let source = try Self.snapshot(runs, .redis7)
    let target = try LiveCluster(.redis7)
    defer { target.stop() }
    var random = SeededGenerator(seed: 5)
    for moment in 0..<(isDeep ? 20 : 5) {
      for port in try target.masterPorts() { try LiveConnection(port: port).command("FLUSHALL") }
      let arguments = [
        "load", source, "-u", target.address, "--resume", "journal-\(moment)", "--restore",
        moment % 2 == 0 ? "never" : "auto",
      ]
      let first = try Tool.start(arguments + ["--max-keys", "5000"], in: runs.folder)
      while first.isRunning, try target.keyCount() == 0 { usleep(1000) }
      usleep(UInt32.random(in: 0..<500_000, using: &random))
      first.signal(SIGKILL)
      _ = first.wait(atMost: 10)
      let second = try runs.run(arguments)
      #expect(second.status == 0, "moment \(moment): \(second.error)")
      let verify = try runs.run(["verify", source, "--against", target.address])
      #expect(verify.status == 0, "moment \(moment): \(verify.text.prefix(1000))\(verify.error)")
    }
  }

  @Test("rdb migrate moves the keys of a server into a cluster, and compares")
  func migrate() throws {
    let runs = LiveRuns()
    let source = try LiveServer(atOnce: .redis7)
    defer { source.stop() }
    let target = try LiveCluster(.redis7)
    defer { target.stop() }
    try runs.load(try runs.generate(keys: 2000), source.port, "--db", "0")
    let address = "redis://127.0.0.1:\(source.port)"
    let migrate = try runs.run(["migrate", "--from", address, "--to", target.address])
    #expect(migrate.status == 0, "\(migrate.text)\(migrate.error)")
    #expect(try target.keyCount() == source.keyCount)
    // The way back reads the cluster key by key.
    try source.send("FLUSHALL")
    let back = try runs.run(["load", target.address, "-p", "\(source.port)"])
    #expect(back.status == 0, "\(back.error)")
    let verify = try runs.run(["verify", address, "--against", target.address])
    #expect(verify.status == 0, "\(verify.text.prefix(1000))\(verify.error)")
    let follow = try runs.run(["migrate", "--from", address, "--to", target.address, "--follow"])
    #expect(follow.status == 64 && follow.error.contains("--follow into a cluster"), "\(follow.error)")
  }

  @Test("What a cluster cannot do is refused by name, with what to do")
  func refusals() throws {
    let runs = LiveRuns()
    let cluster = try LiveCluster(.redis7)
    defer { cluster.stop() }
    let databases = Fixture.named("redis-7.0.15/multidb").path
    let cases: [(arguments: [String], status: Int32, hint: String)] = [
      (["load", databases, "-p", "\(cluster.servers[0].port)"], 76, "redis-cluster://"),
      (["load", databases, "-u", cluster.address], 64, "--db-map"),
      (["fetch", "-u", cluster.address, "-o", "x.rdb"], 64, "--scan"),
      (["fetch", "--scan", "-u", cluster.address + "/3", "-o", "x.rdb"], 64, "has no database 3"),
      (["verify", databases, "--against", cluster.address, "--sync"], 64, "Without --sync"),
      (["migrate", "--from", cluster.address, "--to", "redis://127.0.0.1:1"], 64, "rdb load redis-cluster://"),
    ]
    for (arguments, status, hint) in cases {
      let outcome = try runs.run(arguments)
      #expect(outcome.status == status && outcome.error.contains(hint), "\(arguments): \(outcome.error)")
    }
    let single = try LiveServer(.redis7)
    defer { single.stop() }
    let outcome = try runs.run(["load", databases, "-u", "redis-cluster://127.0.0.1:\(single.port)"])
    #expect(outcome.status == 64 && outcome.error.contains("is no node of a cluster"), "\(outcome.error)")
  }
}
