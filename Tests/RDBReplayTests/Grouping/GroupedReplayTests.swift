import RDB
import RDBFormat
import TestSupport
import Testing

import RDBReplay

/// A replay in two passes gives the keyspace of a replay in memory.
@Suite struct GroupedReplayTests {
  /// Commands in memory as a log.
  private final class MemoryLog: ReplayLog {
    private var items: ArraySlice<ReplayItem>
    init(_ items: [ReplayItem]) { self.items = items[...] }
    func next() -> ReplayItem? { items.popFirst() }
    var ledger: Ledger { Ledger() }
  }

  private static func options(_ memoryLimit: Int) -> ReplayOptions {
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_700_000_000_000))
    options.memoryLimit = memoryLimit
    return options
  }

  /// The keys that a producer writes, sorted by database and name.
  private static func keys(_ producer: any KeyspaceProducer) throws -> [SnapshotKey] {
    let destination = MemoryDestination()
    let writer = try KeyspaceWriter(
      to: destination, EncodingLimits(server: ServerVersion(.redis, 8, 2)), base: producer.origin.base?.header)
    while try producer.writeSome(to: writer) {}
    try writer.finish()
    var keys = SnapshotKeys(MemorySource(destination.bytes))
    var result: [SnapshotKey] = []
    while let key = try keys.next() { result.append(key) }
    return sorted(result)
  }

  private static func sorted(_ keys: [SnapshotKey]) -> [SnapshotKey] {
    keys.sorted { $0.database != $1.database ? $0.database < $1.database : $0.name.lexicographicallyPrecedes($1.name) }
  }

  private static func commands(seed: UInt64, count: Int) -> [ReplayItem] {
    var random = SeededGenerator(seed: seed)
    func key() -> String { "key \(Int.random(in: 0..<60, using: &random))" }
    func number() -> String { "\(Int.random(in: 0..<4, using: &random))" }
    var items: [ReplayItem] = [.beginPart(0)]
    for index in 0..<count {
      let words: [String]
      switch Int.random(in: 0..<40, using: &random) {
      case 0..<8: words = ["SET", key(), String(repeating: "value \(index) ", count: index % 40)]
      case 8..<12: words = ["APPEND", key(), "more \(index)"]
      case 12..<16: words = ["HSET", key(), "field \(index % 7)", "\(index)"]
      case 16..<20: words = ["RPUSH", key(), "a", "\(index)", String(repeating: "b", count: index % 90)]
      case 20: words = ["RENAME", key(), key()]
      case 21: words = ["COPY", key(), key(), "DB", number(), "REPLACE"]
      case 22: words = ["MOVE", key(), number()]
      case 23: words = index % 5 == 0 ? ["SWAPDB", number(), number()] : ["PERSIST", key()]
      case 24: words = index % 50 == 0 ? ["FLUSHDB"] : ["DEL", key(), key(), key()]
      case 25: words = index % 400 == 0 ? ["FLUSHALL"] : ["UNLINK", key()]
      case 26..<29: words = ["SELECT", number()]
      case 29: words = ["SELECT", "99"]
      case 30: words = ["PEXPIREAT", key(), "\(4_102_444_800_000 + index)"]
      case 31: words = ["EXPIRE", key(), "100"]
      case 32: words = ["MSET", key(), "x", key(), "y"]
      case 33: words = ["SADD", key(), "\(index)", "m"]
      case 34: words = ["SUNIONSTORE", key(), key(), key()]
      case 35: words = ["ZADD", key(), "\(index)", "member \(index % 9)"]
      case 36: words = ["INCRBY", key(), "5"]
      case 37:
        items.append(.time(UnixMilliseconds(Int64(1_700_000_000_000 + index * 1000))))
        continue
      case 38: words = ["HSET", key()]
      default: words = ["PING"]
      }
      items.append(.command(ReplayCommand(words.map { Array($0.utf8) }, offset: UInt64(index))))
    }
    return items
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func twoPassesGiveTheKeyspaceThatOnePassGives(seed: UInt64) throws {
    let items = Self.commands(seed: seed, count: 4000)
    let whole = try WholeReplay(MemoryLog(items), Self.options(1 << 30))
    let expected = try Self.keys(whole)
    #expect(expected.count > 20)
    for limit in [16 << 10, 64 << 10, 1 << 30] {
      let grouped = try GroupedReplay(Self.options(limit)) { MemoryLog(items) }
      #expect(try Self.keys(grouped) == expected)
      #expect(grouped.summary.commandCount == whole.summary.commandCount)
      // Commands in a database that is flushed later are not executed, so that they cannot fail.
      #expect(grouped.summary.failureCount <= whole.summary.failureCount)
    }
  }

  @Test func keysThatComeOnceAreWrittenBeforeTheLogEnds() throws {
    let items = (0..<10_000).map { index in
      ReplayItem.command(ReplayCommand(["SET", "key \(index)", "v"].map { Array($0.utf8) }))
    }
    let grouped = try GroupedReplay(Self.options(8 << 20)) { MemoryLog(items) }
    let destination = MemoryDestination()
    let writer = try KeyspaceWriter(
      to: destination, EncodingLimits(server: ServerVersion(.redis, 8, 2)), base: nil)
    for _ in 0..<9_000 { #expect(try grouped.writeSome(to: writer)) }
    #expect(destination.bytes.count > 60_000)
  }

  @Test func aLogThatExceedsTheMemoryLimitIsReadAsASnapshotAllTheSame() throws {
    let items = Self.commands(seed: 9, count: 3000)
    var summaries: [[SnapshotKey]] = []
    for limit in [1 << 30, 16 << 10] {
      var keys = SnapshotKeys(ReplaySource(Self.options(limit)) { MemoryLog(items) })
      var result: [SnapshotKey] = []
      while let key = try keys.next() { result.append(key) }
      summaries.append(Self.sorted(result))
    }
    #expect(summaries[0] == summaries[1])
    #expect(!summaries[0].isEmpty)
  }
}
