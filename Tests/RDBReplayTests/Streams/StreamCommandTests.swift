import RDB
import RDBFormat
import RDBReplay
import Testing

/// What the server tests cannot see: the semantics of loading, and what is not replayed.
@Suite struct StreamCommandTests {
  private func replay(_ lines: [String], _ server: ServerVersion = ServerVersion(.redis, 8, 2)) throws -> Replay {
    let replay = Replay(ReplayOptions(server: server, now: UnixMilliseconds(1_000_000)))
    for (index, line) in lines.enumerated() {
      let words = line.split(separator: " ").map { Array($0.utf8) }
      try replay.apply(ReplayCommand(words, offset: UInt64(index)))
    }
    return replay
  }

  /// The stream `s` as it would be read from the snapshot that it is written to.
  private func stream(_ replay: Replay, copied: Bool = false) throws -> SnapshotStream {
    let name = Array("s".utf8)
    guard case .stream(let value)? = try replay.execution.key(name)?.value else { return SnapshotStream() }
    let limits = replay.execution.limits
    let destination = MemoryDestination()
    var writer = try RDBWriter(
      to: destination, header: SnapshotHeader(vendor: .redis, version: limits.server.rdbVersion))
    try (copied ? value.copied() : value).write(name, KeyAttributes(), limits, to: &writer)
    _ = try writer.finish()
    var keys = SnapshotKeys(MemorySource(destination.bytes))
    guard case .stream(let result)? = try keys.next()?.value else { return SnapshotStream() }
    return result
  }

  @Test func anIDThatTheServerChoosesIsNotReplayed() {
    let error = #expect(throws: RDBError.self) { try replay(["XADD s 1 a b", "XADD s * a b"]) }
    #expect(error?.code == .notReplayed)
    #expect(error?.offset == 1)
  }

  @Test func aSequenceThatTheServerChoosesFollowsFromTheStream() throws {
    let stream = try stream(replay(["XADD s 0-* a b", "XADD s 5-* a b", "XADD s 5-* a b", "XADD s 7-* a b"]))
    #expect(stream.entries.map(\.id) == [StreamID(0, 1), StreamID(5, 0), StreamID(5, 1), StreamID(7, 0)])
  }

  @Test func limitIsIgnoredAsServersDoWhileLoading() throws {
    let lines = (1...250).map { "XADD s \($0) a b" }
    #expect(try stream(replay(lines + ["XTRIM s MAXLEN = 10 LIMIT 1"])).info.length == 10)
    #expect(try stream(replay(lines + ["XTRIM s MAXLEN ~ 10 LIMIT 1"])).info.length == 50)
  }

  @Test func groupsSurviveWritingAndCopying() throws {
    let replay = try replay([
      "XADD s 1 a b", "XADD s 2 a c", "XGROUP CREATE s g 0 ENTRIESREAD 1",
      "XCLAIM s g ann 0 1 TIME 500 RETRYCOUNT 3 FORCE JUSTID LASTID 2",
      "XCLAIM s g bob 0 2 FORCE", "XGROUP CREATE s h $",
    ])
    let stream = try stream(replay)
    #expect(try self.stream(replay, copied: true) == stream)
    #expect(stream.groups.map(\.name) == [Array("g".utf8), Array("h".utf8)])
    #expect(stream.groups[0].entriesRead == .known(1))
    #expect(stream.groups[0].lastDelivered == StreamID(2, 0))
    #expect(stream.groups[0].pending.map(\.deliveryCount) == [3, 2])
    #expect(stream.groups[0].pending[0].delivered == UnixMilliseconds(500))
    #expect(stream.groups[1].entriesRead == .unknown)
    let loaded = ReplayedStream(loading: stream, replay.execution.limits)
    #expect(loaded.nodeCount == 1)
  }

  @Test func aCopyDoesNotChangeWithTheStream() throws {
    let lines = (1...250).map { "XADD s \($0) a b" } + ["XGROUP CREATE s g 0", "XCLAIM s g c 0 1 FORCE"]
    let replay = try replay(lines)
    guard case .stream(let value)? = try replay.execution.key([0x73])?.value else { return }
    let copy = value.copied()
    for line in ["XACK s g 1", "XDEL s 1 2 3", "XTRIM s MAXLEN 5"] {
      try replay.apply(ReplayCommand(line.split(separator: " ").map { Array($0.utf8) }))
    }
    #expect(copy.nodeCount == 3)
    #expect(copy.byteCount > value.byteCount)
    replay.execution.set([0x73], .stream(copy))
    let stream = try stream(replay)
    #expect(stream.entries.count == 250)
    #expect(stream.groups[0].pending.count == 1)
  }

  @Test func entriesReadIsLoweredByRedis8Only() throws {
    let lines = ["XADD s 1 a b", "XGROUP CREATE s g 0 ENTRIESREAD 9"]
    #expect(try stream(replay(lines)).groups[0].entriesRead == .known(1))
    #expect(try stream(replay(lines, ServerVersion(.redis, 7, 0))).groups[0].entriesRead == .known(9))
  }

  @Test func memoryIsCountedWhileEntriesComeAndGo() throws {
    let replay = try replay(["XADD s 1 a b"])
    let before = replay.execution.byteCount
    for line in (2...500).map({ "XADD s \($0) a b" }) + ["XGROUP CREATE s g 0"]
      + (2...300).map({ "XCLAIM s g c 0 \($0) FORCE" })
    {
      try replay.apply(ReplayCommand(line.split(separator: " ").map { Array($0.utf8) }))
    }
    #expect(replay.execution.byteCount > before + 499 * 24 + 299 * 40)
    for line in ["XTRIM s MAXLEN 1", "XGROUP DESTROY s g"] {
      try replay.apply(ReplayCommand(line.split(separator: " ").map { Array($0.utf8) }))
    }
    #expect(replay.execution.byteCount < before + 100 * 60)
  }
}
