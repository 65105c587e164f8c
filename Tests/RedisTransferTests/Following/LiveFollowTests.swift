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
  /// Starts a server that begins a synchronisation at once.
  private static func source(_ kind: LiveServer.Kind, _ arguments: [String] = []) throws -> LiveServer {
    try LiveServer(kind, arguments: ["--repl-diskless-sync-delay", "0"] + arguments)
  }

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
    let source = try Self.source(kind)
    defer { source.stop() }
    let target = try LiveServer(kind)
    defer { target.stop() }
    let summary = try follow(source, to: settings(target.port), kind, seed: 7)
    #expect(summary.commandCount > 1000)
    #expect(summary.failureCount == 0, "\(summary.failures.prefix(3))")
    #expect(summary.messageCount > 0)
    let found = try differences(source.port, target.port)
    let isEqual = found.isEmpty
    #expect(isEqual, "\(found.prefix(5))")
  }

  @Test(
    "Between servers of different releases, leaves no value different", .enabled(if: !isSampled),
    arguments: [
      (LiveServer.Kind.redis7, LiveServer.Kind.valkey9), (.redis7, .redis8), (.valkey9, .redis7), (.redis8, .redis7),
      (.redis8, .valkey9), (.valkey9, .redis8),
    ])
  func releases(from kind: LiveServer.Kind, to targetKind: LiveServer.Kind) throws {
    let source = try Self.source(kind)
    defer { source.stop() }
    let target = try LiveServer(targetKind)
    defer { target.stop() }
    let summary = try follow(source, to: settings(target.port), targetKind, seed: 11, seconds: 0.7)
    #expect(summary.failureCount == 0, "\(summary.failures.prefix(3))")
    let found = try differences(source.port, target.port)
    let isEqual = found.isEmpty
    #expect(isEqual, "\(found.prefix(5))")
  }

  @Test("Doubles and loses nothing when the connection to the target is cut all the time")
  func droppedTarget() throws {
    let source = try Self.source(.redis7)
    defer { source.stop() }
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let proxy = try DroppingProxy(to: target.port, .afterMilliseconds(150))
    let writer = RandomWriter(to: source.port, seed: 3)
    let followed = try FollowedSource(settings(source.port), wanted: .any)
    defer { followed.close() }
    try load(followed, into: settings(target.port), LiveServer.Kind.redis7.version)
    var options = FollowOptions(from: source.kind.version, to: target.kind.version)
    options.batchCommandCount = 300
    let follower = try Follower(followed, to: settings(proxy.port, retries: 50), options)
    let live = try LiveConnection(port: source.port)
    var isOver = false
    let summary = try follower.run { _ in
      guard proxy.dropCount >= 6, !isOver else { return .goOn }
      isOver = true
      writer.stop()
      return .stop(atOffset: try offset(of: live))
    }
    try follower.removePosition()
    #expect(summary.targetReconnectionCount >= 5)
    #expect(summary.failureCount == 0)
    let found = try differences(source.port, target.port)
    let isEqual = found.isEmpty
    #expect(isEqual, "\(found.prefix(5))")
  }

  @Test("Goes on at the byte where the connection to the source was cut")
  func droppedSource() throws {
    let source = try Self.source(.redis7, ["--repl-backlog-size", "64mb"])
    defer { source.stop() }
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let proxy = try DroppingProxy(to: source.port, .afterMilliseconds(1000))
    let writer = RandomWriter(to: source.port, seed: 5)
    let followed = try FollowedSource(settings(proxy.port, retries: 50), wanted: .any)
    defer { followed.close() }
    try load(followed, into: settings(target.port), LiveServer.Kind.redis7.version)
    let follower = try Follower(
      followed, to: settings(target.port), FollowOptions(from: source.kind.version, to: target.kind.version))
    let live = try LiveConnection(port: source.port)
    var isOver = false
    let summary = try follower.run { _ in
      guard followed.reconnectionCount >= 3, !isOver else { return .goOn }
      isOver = true
      writer.stop()
      return .stop(atOffset: try offset(of: live))
    }
    try follower.removePosition()
    #expect(summary.sourceReconnectionCount >= 3)
    let found = try differences(source.port, target.port)
    let isEqual = found.isEmpty
    #expect(isEqual, "\(found.prefix(5))")
  }

  @Test("Goes on after a restart of this process from the position that the target stores")
  func restarts() throws {
    let source = try Self.source(.redis7, ["--repl-backlog-size", "64mb"])
    defer { source.stop() }
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let options = FollowOptions(from: source.kind.version, to: target.kind.version)
    let writer = RandomWriter(to: source.port, seed: 9, flushes: false)
    let first = try FollowedSource(settings(source.port), wanted: .any)
    try load(first, into: settings(target.port), LiveServer.Kind.redis7.version)
    let start = MonotonicTime.now
    var follower = try Follower(first, to: settings(target.port), options)
    _ = try follower.run { $0.commandCount > 500 && MonotonicTime.now - start > 200_000_000 ? .stopNow : .goOn }
    first.close()
    usleep(200_000)
    let connections = (
      try Connector(settings(target.port)).connect(to: .any), try Connector(settings(source.port)).connect(to: .any)
    )
    let stored = try StreamPosition.find(at: connections.0, database: 0, of: connections.1)
    #expect(stored == follower.position)
    let second = try FollowedSource(settings(source.port), wanted: .any, from: stored)
    defer { second.close() }
    #expect(stored.map { second.start == .resumed($0) } == true)
    follower = try Follower(second, to: settings(target.port), options)
    writer.stop()
    let live = try LiveConnection(port: source.port)
    let end = try offset(of: live)
    _ = try follower.run { _ in .stop(atOffset: end) }
    try follower.removePosition()
    #expect(try StreamPosition.find(at: connections.0, database: 0, of: connections.1) == nil)
    let found = try differences(source.port, target.port)
    let isEqual = found.isEmpty
    #expect(isEqual, "\(found.prefix(5))")
  }

  @Test("Says that it must start anew when the source has forgotten the position")
  func startsAnew() throws {
    let source = try Self.source(.redis7)
    defer { source.stop() }
    let live = try LiveConnection(port: source.port)
    let position = StreamPosition(
      ReplicationPosition(identifier: Array(repeating: 97, count: 40), offset: 5), database: 0)
    let stop = #expect(throws: FollowStop.self) {
      try FollowedSource(settings(source.port), wanted: .any, from: position)
    }
    guard case .mustStartAnew(position)? = stop else { return _ = Issue.record("\(String(describing: stop))") }
    _ = live
  }

  @Test("Refuses to go on when something else changed the stored position")
  func fences() throws {
    let source = try Self.source(.redis7)
    defer { source.stop() }
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let live = try LiveConnection(port: source.port)
    let followed = try FollowedSource(settings(source.port), wanted: .any)
    defer { followed.close() }
    try load(followed, into: settings(target.port), LiveServer.Kind.redis7.version)
    let options = FollowOptions(from: source.kind.version, to: target.kind.version)
    let follower = try Follower(followed, to: settings(target.port), options)
    let other = try LiveConnection(port: target.port)
    let key = String(decoding: follower.positionKey, as: UTF8.self)
    try live.command("INCR", "counter")
    var isChanged = false
    let stop = #expect(throws: FollowStop.self) {
      try follower.run { progress in
        if progress.commandCount == 1, !isChanged {
          isChanged = true
          try other.command("DEL", key)
          try live.command("INCR", "counter")
        }
        return .goOn
      }
    }
    guard case .positionLost? = stop else { return _ = Issue.record("\(String(describing: stop))") }
    #expect(try other.command("GET", "counter").bytes == Array("1".utf8))
  }

  @Test(
    "Lists a command that the target refuses by its key, and ends or goes on as it is told", arguments: [false, true])
  func refusals(skips: Bool) throws {
    let source = try Self.source(.redis7)
    defer { source.stop() }
    let target = try LiveServer(.redis7, arguments: ["--rename-command", "SADD", ""])
    defer { target.stop() }
    let live = try LiveConnection(port: source.port)
    let followed = try FollowedSource(settings(source.port), wanted: .any)
    defer { followed.close() }
    try load(followed, into: settings(target.port), LiveServer.Kind.redis7.version)
    var options = FollowOptions(from: source.kind.version, to: target.kind.version)
    options.onError = skips ? .skip : .stop
    let follower = try Follower(followed, to: settings(target.port), options)
    let other = try LiveConnection(port: target.port)
    try other.command("SET", "list", "no list")
    for words in [["INCR", "a"], ["SADD", "set", "secret"], ["RPUSH", "list", "secret"], ["INCR", "b"]] {
      _ = try live.commands([words.map { Array($0.utf8) }])
    }
    let end = try offset(of: live)
    func run() throws -> FollowSummary { try follower.run { _ in .stop(atOffset: end) } }
    if skips {
      let summary = try run()
      #expect(summary.failures.map { String(decoding: $0.key, as: UTF8.self) } == ["set", "list"])
      #expect(!"\(summary.failures)".contains("secret"))
      #expect(try other.command("GET", "b").bytes == Array("1".utf8))
    } else {
      let stop = #expect(throws: FollowStop.self) { try run() }
      guard case .refused(let failure)? = stop else { return _ = Issue.record("\(String(describing: stop))") }
      #expect(failure.key == Array("set".utf8))
    }
  }

  @Test("Is acknowledged to the source, which so knows the applied offset and never closes the connection")
  func acknowledges() throws {
    let source = try Self.source(.redis7, ["--repl-timeout", "3"])
    defer { source.stop() }
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let live = try LiveConnection(port: source.port)
    try live.command("SET", "a", "1")
    let followed = try FollowedSource(settings(source.port), wanted: .any)
    defer { followed.close() }
    // A slow load: the source gets its acknowledgements all the same.
    usleep(4_500_000)
    try load(followed, into: settings(target.port), LiveServer.Kind.redis7.version)
    let follower = try Follower(
      followed, to: settings(target.port), FollowOptions(from: source.kind.version, to: target.kind.version))
    try live.command("SET", "b", "1")
    let end = try offset(of: live)
    let summary = try follower.run { _ in
      // The source waits for a replica that has the write.
      try live.command("WAIT", "1", "100").number == 1 ? .stop(atOffset: end) : .goOn
    }
    #expect(followed.reconnectionCount == 0 && summary.commandCount == 1)
  }
}

extension RESPValue {
  fileprivate var number: Int64? {
    if case .integer(let number) = self { return number }
    return nil
  }
}
