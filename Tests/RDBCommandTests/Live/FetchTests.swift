import Foundation
import RESP
import TestSupport
import Testing

@Suite("rdb fetch", .serialized)
struct FetchTests {
  @Test("A replica and its master send the same snapshot, which also goes to a pipe")
  func replica() throws {
    let runs = LiveRuns()
    let all = Fixture.named("redis-7.0.15/all")
    let server = try LiveServer(atOnce: .redis7, dump: all.bytes)
    defer { server.stop() }
    let replica = try LiveServer(atOnce: .redis7, arguments: ["--replicaof", "127.0.0.1 \(server.port)"])
    defer { replica.stop() }
    for _ in 0..<500 where replica.keyCount != server.keyCount { usleep(10_000) }
    try runs.expectEqual(all.path, server.port)
    try runs.expectEqual(all.path, replica.port)
    let piped = Tool.shell("rdb fetch -p \(server.port) | rdb diff '\(all.path)' -", in: runs.folder)
    #expect(piped.status == 0, "\(piped.text)\(piped.error)")
  }

  @Test("The snapshot of a cluster is refused, because its masters send no common one, but --scan connects to them")
  func cluster() throws {
    let runs = LiveRuns()
    let fetch = ["fetch", "-u", "redis-cluster://127.0.0.1:1", "-o", "f.rdb", "--retries", "0"]
    let refused = try runs.run(fetch)
    #expect(refused.status == 64 && refused.error.contains("--scan reads the keys"), "\(refused.error)")
    let scanned = try runs.run(fetch + ["--scan"])
    #expect(scanned.status == 69 && scanned.error.contains("127.0.0.1:1"), "\(scanned.error)")
  }

  @Test("--max-rate limits the bytes per second")
  func rate() throws {
    let runs = LiveRuns()
    let name = try runs.generate(keys: 5000)
    let dump = [UInt8](try #require(runs.folder.contents(of: name)))
    let server = try LiveServer(atOnce: .redis7, dump: dump)
    defer { server.stop() }
    let start = ContinuousClock.now
    let fetch = try runs.run(["fetch", "-p", "\(server.port)", "-o", "f.rdb", "--max-rate", "\(dump.count / 2)"])
    #expect(fetch.status == 0, "\(fetch.error)")
    #expect(ContinuousClock.now - start > .milliseconds(1500))
  }

  @Test("A user who may not ask whether sentinels watch a server reads it only with the option that says so")
  func unknownSentinels() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    try server.send("ACL", "SETUSER", "copy", "on", ">word", "+psync", "+sync", "+replconf", "+ping")
    let arguments = ["fetch", "-p", "\(server.port)", "-o", "f.rdb", "--user", "copy"]
    let refused = try runs.run(arguments, environment: ["REDISCLI_AUTH": "word"])
    #expect(refused.status == 76, "\(refused.error)")
    #expect(refused.error.contains("may not ask whether sentinels watch"), "\(refused.error)")
    let allowed = try runs.run(arguments + ["--allow-sentinel-entry"], environment: ["REDISCLI_AUTH": "word"])
    #expect(allowed.status == 0, "\(allowed.error)")
    #expect(allowed.error.contains("sentinels may list a replica at port 0 now"), "\(allowed.error)")
  }

  @Test("A server that reads its data into memory is waited for, also as the input of another command")
  func loading() throws {
    let runs = LiveRuns()
    let name = try runs.generate(keys: 3000)
    let server = try LiveServer(reloadable: .redis7, dump: [UInt8](try #require(runs.folder.contents(of: name))))
    defer { server.stop() }
    try server.reloadSlowly()
    try runs.expectEqual(name, server.port)
    try server.reloadSlowly()
    let diff = try runs.run(["diff", name, "redis://127.0.0.1:\(server.port)"])
    #expect(diff.status == 0, "\(diff.text.prefix(2000))\(diff.error)")
  }

  @Test("A full disk ends with exit code 74, and leaves no file")
  func fullDisk() throws {
    let runs = LiveRuns()
    let name = try runs.generate(keys: 5000)
    let dump = [UInt8](try #require(runs.folder.contents(of: name)))
    let server = try LiveServer(atOnce: .redis7, dump: dump)
    defer { server.stop() }
    let names = runs.folder.names
    let outcome = Tool.shell("trap '' XFSZ; ulimit -f 200; rdb fetch -p \(server.port) -o f.rdb", in: runs.folder)
    #expect(outcome.status == 74, "\(outcome.error)")
    #expect(runs.folder.names == names)
  }

  @Test("A server that closes the connection in the middle is asked at most three times, and no file is left")
  func closing() throws {
    let runs = LiveRuns()
    let requests = Requests()
    let server = try ScriptedServer { peer in
      while true {
        let bytes = peer.read()
        if bytes.isEmpty { return }
        let text = String(decoding: bytes, as: UTF8.self).uppercased()
        if text.contains("PSYNC"), !text.contains("REPLCONF") {
          requests.add()
          peer.write("+FULLRESYNC 0123456789012345678901234567890123456789 1\r\n$1000\r\nREDIS0010")
          return
        }
        if text.contains("ROLE") {
          peer.write("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n")
        } else if text.contains("PING") {
          peer.write("+PONG\r\n")
        } else if text.contains("HELLO") {
          peer.write("-ERR unknown command 'HELLO'\r\n")
        } else if text.contains("CLIENT") || text.contains("REPLCONF") {
          peer.write("+OK\r\n")
        } else {
          peer.write("-ERR unknown command\r\n")
        }
      }
    }
    let outcome = try runs.run(["fetch", "-p", "\(server.port)", "-o", "f.rdb"], atMost: 60)
    #expect(outcome.status == 69, "\(outcome.error)")
    #expect(runs.folder.names == [])
    #expect(requests.count == 3)
  }

  private final class Requests: Sendable {
    private let lock = NSLock()
    nonisolated(unsafe) private var value = 0
    var count: Int { lock.withLock { value } }
    func add() { lock.withLock { value += 1 } }
  }
}
