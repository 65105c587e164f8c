import Foundation
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

@Suite("Following into a target with sentinels", .serialized)
struct FollowFailoverTests {
  @Test("Doubles and loses nothing when the master is killed, and goes on at the new one")
  func failover() throws {
    let processes = try LiveSentinels(replicas: 2, sentinels: 1)
    defer { processes.stop() }
    let source = try LiveServer(.redis7, arguments: ["--repl-diskless-sync-delay", "0"])
    defer { source.stop() }
    var target = settings(0, retries: 40)
    target.address.target = .sentinels(
      [Endpoint(host: "127.0.0.1", port: processes.sentinels[0].port)], masterName: Array("mymaster".utf8))
    let live = try LiveConnection(port: source.port)
    try live.command("RPUSH", "list", "first")
    let followed = try FollowedSource(settings(source.port), wanted: .any)
    defer { followed.close() }
    try load(followed, into: target, source.kind.version)
    var options = FollowOptions(from: source.kind.version, to: source.kind.version)
    (options.replicaCount, options.batchCommandCount) = (1, 20)
    let follower = try Follower(followed, to: target, options)
    let old = processes.servers[0].port
    var (count, killedAt): (Int, Int?) = (0, nil)
    let summary = try follower.run { progress in
      // Writers go on during the failover.
      for _ in 0..<20 {
        count += 1
        _ = try live.commands([
          [Array("INCR".utf8), Array("counter".utf8)],
          [Array("RPUSH".utf8), Array("list".utf8), Array("\(count)".utf8)],
        ])
      }
      if killedAt == nil, progress.commandCount > 500 {
        killedAt = count
        processes.servers[0].stop()
      }
      guard let killedAt, count > killedAt + 400, progress.appliedOffset > 0 else { return .goOn }
      return .stop(atOffset: try offset(of: live))
    }
    #expect(summary.targetReconnectionCount > 0 && summary.failureCount == 0)
    let new = try processes.waitForMaster(otherThan: old)
    let found = try differences(source.port, new)
    let isEqual = found.isEmpty
    #expect(isEqual, "\(found.prefix(2).map { $0.prefix(200) })")
    try follower.removePosition()
    let names = try LiveConnection(port: new).command("KEYS", "*").elements ?? []
    #expect(names.count == 2)
  }
}
