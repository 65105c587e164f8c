import Foundation
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// A source that sends an empty snapshot and then what a test says.
private func source(then script: @escaping @Sendable (ScriptedServer.Peer) -> Void) throws -> ScriptedServer {
  let snapshot = Array("REDIS0011".utf8) + [0xFF] + [UInt8](repeating: 0, count: 8)
  return try ScriptedServer.synchronising(
    Array("$\(snapshot.count)\r\n".utf8) + snapshot, at: 100, then: script)
}

@Suite("Following a hostile source", .serialized)
struct HostileSourceTests {
  /// Follows the source for at most a few seconds.
  private func follow(
    _ source: ScriptedServer, _ target: LiveServer, limit: Int = 1 << 20, until seconds: Double = 3
  ) throws -> FollowSummary {
    var limits = ByteSpool.Limits()
    (limits.memoryByteCount, limits.diskByteCount) = (1 << 20, 4 << 20)
    let followed = try FollowedSource(settings(source.port, retries: 1), wanted: .any, spool: limits)
    defer { followed.close() }
    var options = FollowOptions(from: target.kind.version, to: target.kind.version)
    options.groupByteLimit = limit
    let follower = try Follower(followed, to: settings(target.port), options)
    let start = MonotonicTime.now
    return try follower.run { _ in Double(MonotonicTime.now - start) / 1e9 > seconds ? .stopNow : .goOn }
  }

  @Test("Ends with a typed error, without a write, after bytes that are no command, or lengths without limits")
  func malformed() throws {
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    for text in [
      "hello\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9223372036854775807\r\n", "*9223372036854775807\r\n", "\u{0}\u{1}",
      "+OK\r\n",
      "$9223372036854775807\r\n",
    ] {
      let source = try source { peer in
        peer.write(text)
        _ = peer.read()
      }
      let stop = #expect(throws: FollowStop.self) { try follow(source, target) }
      guard case .malformedStream? = stop else { return _ = Issue.record("\(text): \(String(describing: stop))") }
    }
    #expect(try LiveConnection(port: target.port).command("GET", "k") == .null)
  }

  @Test("Refuses a command, and a transaction, without an end once they are too large")
  func endless() throws {
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let piece = [UInt8](repeating: 120, count: 64 << 10)
    let command = try source { peer in
      peer.write("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\n")
      while peer.write(piece) {}
    }
    let transaction = try source { peer in
      peer.write("*1\r\n$5\r\nMULTI\r\n")
      let commands = Array(repeating: RESPText.command("INCR", "a"), count: 1000).flatMap { $0 }
      while peer.write(commands) {}
    }
    for (source, name) in [(command, "SET"), (transaction, "MULTI")] {
      let stop = #expect(throws: FollowStop.self) { try follow(source, target) }
      guard case .tooLarge(let found, _)? = stop else { return _ = Issue.record("\(String(describing: stop))") }
      #expect(found == Array(name.utf8))
    }
    #expect(try LiveConnection(port: target.port).command("GET", "a") == .null)
  }

  @Test("Runs no command about the server at the target, and applies nothing after it")
  func administrative() throws {
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let source = try source { peer in
      peer.write(RESPText.command("CONFIG", "SET", "maxmemory", "1") + RESPText.command("SET", "k", "v"))
      _ = peer.read()
    }
    let stop = #expect(throws: FollowStop.self) { try follow(source, target) }
    guard case .unexpectedCommand(let name, _)? = stop else { return _ = Issue.record("\(String(describing: stop))") }
    #expect(name == Array("CONFIG".utf8))
    #expect(try LiveConnection(port: target.port).command("GET", "k") == .null)
  }

  @Test("Says that a new snapshot is needed when the source closes the connection and has forgotten the position")
  func closes() throws {
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let source = try source { peer in peer.write(RESPText.command("SET", "k", "v") + Array("*2\r\n$4\r\nIN".utf8)) }
    let stop = #expect(throws: FollowStop.self) { try follow(source, target) }
    switch stop {
    // The system can drop a snapshot that the source has sent when the source closes the connection at once.
    case .mustStartAnew?, .snapshotLost?: break
    default: Issue.record("\(String(describing: stop))")
    }
  }

  @Test("Stops at once when it is told to, although the source sends newlines without an end or nothing at all")
  func stops() throws {
    let target = try LiveServer(.redis7)
    defer { target.stop() }
    let newlines = [UInt8](repeating: 10, count: 64 << 10)
    let endless = try source { peer in while peer.write(newlines) {} }
    let silent = try source { peer in
      peer.write("*2\r\n$4\r\nINCR\r\n$1000\r\nabc")
      while !peer.read().isEmpty {}
    }
    for source in [endless, silent] {
      let start = MonotonicTime.now
      let summary = try follow(source, target, until: 0.5)
      #expect(summary.commandCount == 0)
      #expect(MonotonicTime.now - start < 10_000_000_000)
    }
  }

  @Test("Keeps the memory and the disk within their limits when the target takes nothing")
  func backPressure() throws {
    let commands = Array(repeating: RESPText.command("SET", "key", String(repeating: "v", count: 1000)), count: 100)
      .flatMap { $0 }
    let sent = ByteCounter()
    let source = try source { peer in
      while peer.write(commands) { sent.add(UInt64(commands.count)) }
    }
    var limits = ByteSpool.Limits()
    (limits.memoryByteCount, limits.diskByteCount) = (1 << 20, 2 << 20)
    let followed = try FollowedSource(settings(source.port), wanted: .any, spool: limits)
    defer { followed.close() }
    var last: UInt64 = .max
    while sent.value != last || last == 0 {
      last = sent.value
      usleep(300_000)
    }
    // Apart from the spool, the sockets of both ends and the bytes that wait for the spool.
    #expect(followed.progress.spooledByteCount < 5 << 20)
    #expect(sent.value < 40 << 20)
  }
}
