import RDB
import RDBFormat
import Testing

import RDBReplay

/// Commands about keys, as a server executes them while it loads a file.
@Suite struct KeyCommandTests {
  private let replay = Replay(
    ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_700_000_000_000)))

  private func apply(_ commands: String...) throws {
    for command in commands {
      let words = command.split(separator: " ").map { Array($0.utf8) }
      try replay.apply(ReplayCommand(words))
    }
  }

  private func string(_ name: String) throws -> String? {
    try replay.execution.string(Array(name.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  private func expiry(_ name: String) -> Int64? { replay.execution.keys[Array(name.utf8)]?.expiry?.value }

  private var failures: [String: UInt64] {
    Dictionary(
      uniqueKeysWithValues: replay.summary.failures.map { ("\($0.key.command): \($0.key.reason)", $0.value.count) })
  }

  @Test func aKeyWhoseExpiryIsInThePastStaysForTheCommandsThatFollow() throws {
    try apply("SET k 10", "PEXPIREAT k 1000", "INCR k", "PERSIST k")
    #expect(try string("k") == "11")
    #expect(expiry("k") == nil)
    try apply("PEXPIREAT k 5000")
    #expect(expiry("k") == 5000)
  }

  @Test func conditionsOfAnExpiryCompareWithTheFormerOne() throws {
    try apply("SET k v", "PEXPIREAT k 9000 XX")
    #expect(expiry("k") == nil)
    try apply("PEXPIREAT k 9000 GT")
    #expect(expiry("k") == nil)
    try apply("PEXPIREAT k 9000 LT")
    #expect(expiry("k") == 9000)
    try apply("PEXPIREAT k 8000 NX", "PEXPIREAT k 8000 GT")
    #expect(expiry("k") == 9000)
    try apply("PEXPIREAT k 9500 XX GT")
    #expect(expiry("k") == 9500)
    try apply("PEXPIREAT k 9 NX XX", "PEXPIREAT k 9 GT LT", "PEXPIREAT k 9 ZZ")
    #expect(failures == ["pexpireat: syntax error": 3])
    #expect(expiry("k") == 9500)
  }

  @Test func relativeExpiriesCountFromTheLastTimeOfTheFile() throws {
    try apply("SET k v", "EXPIRE k 10")
    #expect(expiry("k") == 1_700_000_010_000)
    replay.setTime(UnixMilliseconds(1_600_000_000_000))
    try apply("PEXPIRE k 5")
    #expect(expiry("k") == 1_600_000_000_005)
    try apply("EXPIRE k 9223372036854775807", "EXPIRE k 1.5")
    #expect(failures == ["expire: invalid expiry": 1, "expire: not an integer or out of range": 1])
  }

  @Test func renamingTakesTheExpiryAlongAndReplacesTheDestination() throws {
    try apply("SET a 1", "PEXPIREAT a 7000", "SET b 2", "RENAME a b")
    #expect(try string("a") == nil)
    #expect(try string("b") == "1")
    #expect(expiry("b") == 7000)
    try apply("SET c 3", "RENAMENX b c", "RENAME nothing c", "RENAME c c")
    #expect(try string("c") == "3")
    #expect(failures == ["rename: no such key": 1])
  }

  @Test func keysMoveAndCopyBetweenDatabases() throws {
    try apply("SET a 1", "PEXPIREAT a 7000", "COPY a a DB 3", "MOVE a 2", "SELECT 2")
    #expect(try string("a") == "1")
    #expect(expiry("a") == 7000)
    try apply("SELECT 3")
    #expect(try string("a") == "1")
    try apply("SET a other", "MOVE a 2", "COPY a a DB 2")
    #expect(try string("a") == "other")
    try apply("COPY a a DB 2 REPLACE", "SELECT 2")
    #expect(try string("a") == "other")
    try apply("SELECT 0")
    #expect(try string("a") == nil)
    try apply("SET a 1", "COPY a a", "MOVE a 0", "MOVE a 99", "COPY a b DB x", "SELECT 16", "SELECT -1")
    #expect(replay.summary.failureCount == 6)
    #expect(replay.execution.database == 0)
  }

  @Test func swappedDatabasesExchangeTheirKeys() throws {
    try apply("SET a 0", "SELECT 1", "SET a 1", "SWAPDB 0 1")
    #expect(try string("a") == "0")
    try apply("SWAPDB 2 3", "SWAPDB 5 5", "SELECT 0")
    #expect(try string("a") == "1")
    try apply("SWAPDB 0 2", "SELECT 2")
    #expect(try string("a") == "1")
  }

  @Test func flushingRemovesKeysAndNotLibraries() throws {
    try replay.apply(
      ReplayCommand(
        ["FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() end)"].map { Array($0.utf8) }))
    try apply("SET a 0", "SELECT 1", "SET b 1", "FLUSHDB ASYNC", "SELECT 0")
    #expect(try string("a") == "0")
    try apply("FLUSHALL", "FLUSHALL LATER")
    #expect(replay.execution.keys.isEmpty)
    #expect(replay.execution.byteCount == 0)
    #expect(replay.execution.keyspace.libraries.keys == [Array("lib".utf8)])
    #expect(failures == ["flushall: syntax error": 1])
  }

  @Test func aLibraryIsReplacedOnlyOnRequest() throws {
    func function(_ words: String...) throws {
      try replay.apply(ReplayCommand((["FUNCTION"] + words).map { Array($0.utf8) }))
    }
    try function("LOAD", "#!lua name=lib\none")
    try function("LOAD", "#!lua name=lib\ntwo")
    #expect(replay.execution.keyspace.libraryCodes == [Array("#!lua name=lib\none".utf8)])
    try function("LOAD", "REPLACE", "#!lua name=lib\nthree")
    #expect(replay.execution.keyspace.libraryCodes == [Array("#!lua name=lib\nthree".utf8)])
    try function("LOAD", "no name")
    try function("DELETE", "other")
    try function("DELETE", "lib")
    #expect(replay.execution.keyspace.libraries.isEmpty)
    #expect(replay.summary.failureCount == 3)
  }

  @Test func aRestoredValueIsDecodedAndItsPayloadChecked() throws {
    // DUMP of the string "v" on Redis 7.0: type 0, length 1, the byte, version 10.
    var dump: [UInt8] = [0, 1, 0x76, 10, 0]
    var crc = CRC64()
    crc.update(dump.span.bytes)
    for shift in 0..<8 { dump.append(UInt8(truncatingIfNeeded: crc.value >> UInt64(8 * shift))) }
    func restore(_ name: String, _ ttl: String, _ payload: [UInt8], _ more: String...) throws {
      try replay.apply(
        ReplayCommand(
          [Array("RESTORE".utf8), Array(name.utf8), Array(ttl.utf8), payload] + more.map { Array($0.utf8) }))
    }
    try restore("a", "0", dump)
    #expect(try string("a") == "v")
    #expect(expiry("a") == nil)
    try restore("b", "1000", dump, "ABSTTL")
    #expect(expiry("b") == 1000)
    try restore("c", "1000", dump)
    #expect(expiry("c") == 1_700_000_001_000)
    try restore("a", "0", dump)
    var damaged = dump
    damaged[2] ^= 1
    try restore("d", "0", damaged)
    try restore("d", "-1", dump)
    #expect(
      failures == [
        "restore: the key exists already": 1, "restore: a payload with a wrong version or checksum": 1,
        "restore: invalid expiry": 1,
      ])
    #expect(try string("d") == nil)
  }

  @Test func anUnknownCommandEndsTheReplayUnlessItMayBeLost() throws {
    #expect {
      try apply("NOSUCH a")
    } throws: { ($0 as? RDBError)?.code == .notReplayed }
    #expect {
      try apply("EVAL return 0")
    } throws: { ($0 as? RDBError)?.found.contains("EVAL") ?? false }
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(0))
    options.skipsUnknown = true
    let lenient = Replay(options)
    try lenient.apply(ReplayCommand(["NoSuch", "a"].map { Array($0.utf8) }))
    #expect(lenient.summary.ledger.hasLosses)
  }

  @Test func renamedCommandsAreReadByTheirNewNames() throws {
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(0))
    options.renamedCommands = ["hidden": "del"]
    let renamed = Replay(options)
    try renamed.apply(ReplayCommand(["SET", "a", "1"].map { Array($0.utf8) }))
    try renamed.apply(ReplayCommand(["HIDDEN", "a"].map { Array($0.utf8) }))
    #expect(renamed.execution.keys.isEmpty)
  }
}
