import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import TestSupport
import Testing

@Suite("The history of a key")
struct KeyHistoryTests {
  /// Lines: part, offset, database, time in seconds, MULTI's offset, and the command or the type in the snapshot.
  private func history(_ log: CommandLog, of key: String, database: UInt64? = nil) throws -> [String] {
    var lines: [String] = []
    let history = KeyHistory(database: database) { $0.starts(with: key.utf8) }
    try history.read(log) { entry in
      var line = "\(entry.part):\(entry.offset) db\(entry.database)"
      if let time = entry.time { line += " @\(time.value / 1000)" }
      if let transaction = entry.transaction { line += " in \(transaction)" }
      switch entry.event {
      case .snapshot(let type, _): line += " has \(type.rawValue)"
      case .command(let command):
        line += command.arguments.reduce("") { $0 + " " + String(decoding: $1, as: UTF8.self) }
      }
      lines.append(line + (entry.keys.isEmpty ? " (all keys)" : ""))
    }
    return lines
  }

  private func history(_ lines: [String], of key: String, database: UInt64? = nil) throws -> [String] {
    try history(CommandLog(MemorySource(lines.flatMap { arrays($0) })), of: key, database: database)
  }

  @Test("Has every command with the key, with its offset, time, database and transaction")
  func commands() throws {
    let lines = [
      "#TS:1700000000", "SET cart 1", "SET other 1", "MULTI", "EXPIRE cart 10", "SET other 2", "EXEC",
      "#TS:1700000009", "SELECT 3", "SET cart 2", "DEL other cart",
    ]
    #expect(
      try history(lines, of: "cart") == [
        "0:16 db0 @1700000000 SET cart 1", "0:92 db0 @1700000000 in 77 EXPIRE cart 10",
        "0:210 db3 @1700000009 SET cart 2", "0:240 db3 @1700000009 DEL other cart",
      ])
    #expect(try history(lines, of: "cart", database: 3).count == 2)
    #expect(try history(lines, of: "none") == [])
  }

  @Test("Has FLUSHALL, FLUSHDB and SWAPDB where they concern a key that was seen before")
  func wholeDatabases() throws {
    let lines = [
      "FLUSHALL", "SET k 1", "SELECT 1", "FLUSHDB", "SWAPDB 2 3", "SWAPDB 0 1", "FLUSHDB", "flushall", "SET k 1",
      "FLUSHALL ASYNC",
    ]
    #expect(
      try history(lines, of: "k").map { String($0.drop { $0 != " " }) } == [
        " db0 SET k 1", " db1 SWAPDB 0 1 (all keys)", " db1 FLUSHDB (all keys)", " db1 SET k 1",
        " db1 FLUSHALL ASYNC (all keys)",
      ])
  }

  @Test("Has keys that are not the first argument, and other databases of MOVE and COPY")
  func positions() throws {
    let lines = ["RENAME a key", "MOVE key 5", "COPY b key DB 7", "SELECT 7", "FLUSHDB", "NOSUCHCMD x key"]
    #expect(
      try history(lines, of: "key").map { String($0.drop { $0 != " " }) } == [
        " db0 RENAME a key", " db0 MOVE key 5", " db0 COPY b key DB 7", " db7 FLUSHDB (all keys)",
        " db7 NOSUCHCMD x key",
      ])
    #expect(try history(lines, of: "key", database: 5).count == 1)
  }

  @Test("Begins with the snapshot, and goes through all parts of a folder")
  func parts() throws {
    let folder = try LogFolder(path: "\(Fixture.root)/aof/redis-7.2.6-two-incr")
    let all = try history(CommandLog(folder.parts), of: "")
    #expect(all.contains { $0.hasPrefix("0:0 ") && $0.contains(" has ") })
    #expect(all.contains { $0.hasPrefix("1:") } && all.contains { $0.hasPrefix("2:") })
  }
}

@Suite("The report about a log")
struct LogReportTests {
  @Test("Counts commands, bytes, transactions, times and keys")
  func counts() throws {
    let bytes = arrays(
      "SELECT 0", "#TS:1700000000", "SET a 1", "set b 1", "MULTI", "DEL a b", "EXEC", "#TS:1700000005", "SELECT 1",
      "SET a 1", "EXEC")
    let report = try LogReport(CommandLog(MemorySource(bytes)))
    #expect(report.commandCount == 9)
    #expect(report.commands["SET"] == LogReport.Commands(count: 3, byteCount: 81))
    #expect(report.commands["EXEC"]?.count == 2)
    #expect(report.transactionCount == 1)
    #expect(report.firstTime?.value == 1_700_000_000_000)
    #expect(report.lastTime?.value == 1_700_000_005_000)
    #expect(report.touchedKeyCount == 3)
    #expect(report.isKeyCountExact)
    #expect(report.parts.count == 1)
    #expect(report.parts[0].byteCount == UInt64(bytes.count))
    let sum = report.commands.values.reduce(0) { $0 + $1.byteCount }
    #expect(sum + 2 * 16 == UInt64(bytes.count))
  }

  @Test("Has the files of a folder with their keys and commands")
  func folder() throws {
    let folder = try LogFolder(path: "\(Fixture.root)/aof/redis-7.2.6-two-incr")
    let report = try LogReport(CommandLog(folder.parts))
    #expect(report.parts.map(\.role) == [.base, .incremental, .incremental])
    #expect(report.parts[0].snapshotKeyCount! > 0)
    #expect(report.parts[1].commandCount > 0)
    #expect(report.parts.allSatisfy { $0.byteCount > 0 })
  }
}
