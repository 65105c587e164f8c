import Foundation
import TestSupport
import Testing

/// The way of data through servers of several versions and vendors, and back.
@Suite("A chain of servers", .serialized)
struct VersionChainTests {
  @Test(
    "passes every key from Redis 7.0 to Valkey 9, Redis 8.2, Redis 6.2 and back, and each server verifies clean",
    arguments: ["redis-6.2.16/all", "redis-6.2.16/sessions"])
  func unchanged(_ fixture: String) throws {
    let runs = LiveRuns()
    let origin = Fixture.named(fixture)
    var servers = [try LiveServer(atOnce: .redis7, dump: origin.bytes)]
    defer { for server in servers { server.stop() } }
    for kind in [LiveServer.Kind.valkey9, .redis8, .redis6, .redis7] {
      let (name, source) = ("for-\(kind).rdb", "redis://127.0.0.1:\(servers.last!.port)")
      let fetch = try runs.run(["fetch", "-u", source, "-o", name])
      #expect(fetch.status == 0, "\(fetch.error)")
      servers.append(try LiveServer(atOnce: kind))
      let target = "redis://127.0.0.1:\(servers.last!.port)"
      let load = try runs.run(["load", name, "-u", target])
      #expect(load.status == 0, "\(kind): \(load.error)")
      for expected in [name, origin.path, source] {
        let verify = try runs.run(["verify", expected, "--against", target])
        #expect(verify.status == 0, "\(kind), \(expected): \(verify.text.prefix(2000))\(verify.error)")
      }
    }
  }

  @Test("to an older server is refused before the first write, or its ledger names each loss")
  func losses() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis6)
    defer { server.stop() }
    for (fixture, words) in [("redis-8.2.3/hashttl", "field"), ("redis-7.0.15/functions", "function")] {
      let path = Fixture.named(fixture).path
      let arguments = ["load", path, "-p", "\(server.port)", "--replace"]
      let refused = try runs.run(arguments)
      #expect(refused.status == 65, "\(refused.error)")
      #expect(refused.error.contains("nothing was loaded") && refused.error.contains(words), "\(refused.error)")
      #expect(server.keyCount == 0)
      let allowed = try runs.run(arguments + ["--allow-loss", "--ledger", "ledger.json"])
      #expect(allowed.status == 3, "\(allowed.error)")
      #expect(allowed.error.contains(words), "\(allowed.error)")
      let ledger = String(decoding: runs.folder.contents(of: "ledger.json") ?? Data(), as: UTF8.self)
      #expect(ledger.contains(words), "\(ledger)")
      try server.send("FLUSHALL")
    }
  }
}
