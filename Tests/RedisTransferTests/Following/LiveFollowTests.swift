import Foundation
import RDB
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// A thread that changes a server's data at random until it is stopped.
private final class RandomWriter: Sendable {
  private let isStopped = ByteCounter()
  private let count = ByteCounter()
  private let isOver = DispatchSemaphore(value: 0)

  /// The number of commands so far.
  var commandCount: UInt64 { count.value }

  init(to port: UInt16, seed: UInt64, flushes: Bool = true) {
    let (isStopped, count, isOver) = (isStopped, count, isOver)
    WorkerThread.detach {
      defer { isOver.signal() }
      guard let connection = try? LiveConnection(port: port) else { return }
      var random = SeededGenerator(seed: seed)
      while isStopped.value == 0 {
        let commands = (0..<20).flatMap { _ in Self.commands(&random, flushes) }
        guard (try? connection.commands(commands.map { $0.map { Array($0.utf8) } })) != nil else { return }
        count.add(UInt64(commands.count))
      }
    }
  }

  func stop() {
    isStopped.set(1)
    isOver.wait()
  }

  private static func commands(_ random: inout SeededGenerator, _ flushes: Bool) -> [[String]] {
    func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
    let (n, m) = (number(30), number(1000))
    switch number(flushes ? 2000 : 1998) {
    case 0..<300: return [["INCR", "counter:\(n)"]]
    case 300..<500: return [["RPUSH", "list:\(n)", "\(m)", String(repeating: "x", count: m)]]
    case 500..<650: return [["LPOP", "list:\(n)"]]
    case 650..<700: return [["LMOVE", "list:\(n)", "list:\(number(30))", "LEFT", "RIGHT"]]
    case 700..<800: return [["HSET", "hash:\(n)", "f\(number(9))", "\(m)"], ["HINCRBY", "hash:\(n)", "n", "1"]]
    case 800..<900:
      return [
        ["MULTI"], ["INCR", "counter:\(n)"], ["SADD", "set:\(n)", "\(m)"], ["LPUSH", "list:\(n)", "t"], ["EXEC"],
      ]
    case 900..<1000:
      return [
        [
          "EVAL", "redis.call('INCR',KEYS[1]) redis.call('RPUSH',KEYS[2],ARGV[1]) return 1", "2", "counter:\(n)",
          "list:\(n)", "e",
        ]
      ]
    case 1000..<1100: return [["SET", "volatile:\(n)", "\(m)", "PX", "\(100_000 + m)"]]
    case 1100..<1150: return [["PEXPIRE", "list:\(n)", "\(1_000_000 + m)"]]
    case 1150..<1200: return [["PERSIST", "list:\(n)"]]
    case 1200..<1300: return [["XADD", "stream:\(n)", "MAXLEN", "~", "50", "*", "a", "\(m)"]]
    case 1300..<1350: return [["XGROUP", "CREATE", "stream:\(n)", "g", "0", "MKSTREAM"]]
    case 1350..<1450:
      return [["XREADGROUP", "GROUP", "g", "c\(number(3))", "COUNT", "3", "STREAMS", "stream:\(n)", ">"]]
    case 1450..<1550: return [["ZADD", "zset:\(n)", "\(m)", "m\(number(50))"], ["ZPOPMIN", "zset:\(n)"]]
    case 1550..<1600: return [["SPOP", "set:\(n)"]]
    case 1600..<1650: return [["RENAME", "counter:\(n)", "counter:\(number(30))"]]
    case 1650..<1700: return [["SELECT", "\(number(3))"]]
    case 1700..<1750: return [["SETRANGE", "string:\(n)", "\(m)", "abc"], ["INCRBYFLOAT", "float:\(n)", "0.5"]]
    case 1750..<1800: return [["PFADD", "hll:\(n)", "\(m)"]]
    case 1800..<1850: return [["COPY", "set:\(n)", "copy:\(n)", "REPLACE"], ["MOVE", "copy:\(n)", "\(number(3))"]]
    case 1850..<1900: return [["PUBLISH", "channel", "\(m)"]]
    case 1900..<1998: return [["DEL", "hash:\(n)"]]
    case 1998: return [["SWAPDB", "0", "\(1 + number(2))"]]
    default: return [["FLUSHDB"]]
    }
  }
}

@Suite("Following a live source", .serialized)
struct LiveFollowTests {
  /// Follows a source under random writes until its end, and returns the summary.
  private func follow(
    _ source: LiveServer, to target: ServerSettings, _ kind: LiveServer.Kind, seed: UInt64, seconds: Double = 1.5,
    _ change: (inout FollowOptions) -> Void = { _ in }
  ) throws -> FollowSummary {
    let live = try LiveConnection(port: source.port)
    let before = RandomWriter(to: source.port, seed: seed)
    while before.commandCount < 2000 { usleep(1000) }
    let writer = RandomWriter(to: source.port, seed: seed + 1)
    let followed = try FollowedSource(settings(source.port), wanted: .any)
    defer { followed.close() }
    try load(followed, into: target, kind.version)
    var options = FollowOptions(from: source.kind.version, to: kind.version)
    change(&options)
    let follower = try Follower(followed, to: target, options)
    let start = MonotonicTime.now
    var isOver = false
    let summary = try follower.run { progress in
      guard Double(MonotonicTime.now - start) / 1e9 > seconds else { return .goOn }
      if !isOver {
        isOver = true
        before.stop()
        writer.stop()
        return .stop(atOffset: try offset(of: live))
      }
      return .goOn
    }
    try follower.removePosition()
    return summary
  }

  @Test("Keeps a target equal to a source that is written to at random", arguments: LiveServer.Kind.allCases)
  func equal(kind: LiveServer.Kind) throws {
    let source = try LiveServer(kind)
    defer { source.stop() }
    let target = try LiveServer(kind)
    defer { target.stop() }
    let summary = try follow(source, to: settings(target.port), kind, seed: 7)
    #expect(summary.commandCount > 1000)
    #expect(summary.failureCount == 0, "\(summary.failures.prefix(3))")
    #expect(summary.messageCount > 0)
    let found = try differences(source.port, target.port, comparingDumps: false)
    let isEqual = found.isEmpty
    #expect(isEqual, "\(found.prefix(5))")
    let first = try LiveConnection(port: source.port).command("DEBUG", "DIGEST")
    let second = try LiveConnection(port: target.port).command("DEBUG", "DIGEST")
    if first.errorText == nil { #expect(first == second) }
  }
}
