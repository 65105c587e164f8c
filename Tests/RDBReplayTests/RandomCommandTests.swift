import RDB
import RDBFormat
import TestSupport
import Testing

import RDBReplay

/// Commands with random arguments: each has an effect or fails, and none traps.
@Suite struct RandomCommandTests {
  private static let words = [
    "NX", "XX", "GT", "LT", "CH", "INCR", "EX", "PX", "EXAT", "PXAT", "KEEPTTL", "GET", "PERSIST", "WITHSCORES",
    "LIMIT",
    "BYSCORE", "BYLEX", "REV", "WEIGHTS", "AGGREGATE", "SUM", "MIN", "MAX", "BEFORE", "AFTER", "LEFT", "RIGHT", "COUNT",
    "FIELDS", "FNX", "FXX", "MAXLEN", "MINID", "~", "=", "*", "$", ">", "CREATE", "SETID", "DESTROY", "CREATECONSUMER",
    "DELCONSUMER", "MKSTREAM", "ENTRIESREAD", "STREAMS", "GROUP", "NOACK", "IDLE", "TIME", "RETRYCOUNT", "FORCE",
    "JUSTID",
    "LASTID", "STORE", "STOREDIST", "BY", "ALPHA", "DESC", "ASC", "FROMMEMBER", "FROMLONLAT", "BYRADIUS", "BYBOX", "km",
    "AND", "OR", "XOR", "NOT", "DIFF", "ONE", "SET", "INCRBY", "OVERFLOW", "WRAP", "SAT", "FAIL", "u8", "i64", "u63",
    "#1",
    "REPLACE", "ABSTTL", "DB", "ACKED", "DELREF", "KEEPREF", "IDS", "NOMKSTREAM", "ENTRIESADDED", "MAXDELETEDID",
  ]
  private static let numbers = [
    "0", "1", "-1", "2", "3", "10", "128", "513", "4096", "-9223372036854775808", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "4294967295", "1.5", "-0", "inf", "-inf", "nan", "1e308", "1e-400",
    "0x10", "(1", "[a", "-", "+", "(2.5", "5-5", "0-0", "7-1", "18446744073709551615-18446744073709551615", "007", " 1",
  ]

  private static func argument(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4: Array("key \(Int.random(in: 0..<12, using: &random))".utf8)
    case 4..<7: Array(numbers.randomElement(using: &random)!.utf8)
    case 7..<9: Array(words.randomElement(using: &random)!.utf8)
    default:
      (0..<Int.random(in: 0..<80, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
  }

  @Test(
    arguments: [1, 2, 3, 4] as [UInt64],
    [ServerVersion(.redis, 7, 0), ServerVersion(.redis, 8, 2), ServerVersion(.valkey, 9, 1)])
  func randomCommandsHaveAnEffectOrFail(seed: UInt64, server: ServerVersion) throws {
    var random = SeededGenerator(seed: seed)
    let rows = CommandTable.rows.values.sorted { $0.name < $1.name }.filter {
      if case .native = $0.action { true } else { false }
    }
    var options = ReplayOptions(server: server, now: UnixMilliseconds(1_700_000_000_000))
    options.skipsUnknown = true
    options.memoryLimit = 8 << 20
    var replay = Replay(options)
    for _ in 0..<(TestExtent.current == .sample ? 8_000 : 40_000) {
      let row = rows.randomElement(using: &random)!
      let least = abs(row.arity)
      let count = row.arity > 0 ? least : least + Int.random(in: 0..<8, using: &random)
      let arguments = [Array(row.name.utf8)] + (1..<max(count, 1)).map { _ in Self.argument(&random) }
      do {
        try replay.apply(ReplayCommand(arguments))
      } catch let error as RDBError where error.code == .replayMemory {
        replay = Replay(options)
      }
    }
    // What they leave can be written and read.
    replay.execution.storeCurrentDatabase()
    let destination = MemoryDestination()
    let writer = try KeyspaceWriter(to: destination, EncodingLimits(server: server), base: nil)
    var keys = KeyspaceWalk(replay.execution.keyspace)
    var count = 0
    while try keys.writeKey(to: writer) { count += 1 }
    try writer.finish()
    var snapshot = SnapshotKeys(MemorySource(destination.bytes))
    while try snapshot.next() != nil { count -= 1 }
    #expect(count == 0)
  }
}
