import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import Testing

/// What the server tests cannot see: the semantics of loading, and limits.
@Suite struct StringCommandTests {
  private func replay(_ lines: [String], memoryLimit: Int = 1 << 20) throws -> Replay {
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_000_000))
    options.memoryLimit = memoryLimit
    let replay = Replay(options)
    for (index, line) in lines.enumerated() {
      let words = line.split(separator: " ").map { Array($0.utf8) }
      try replay.apply(ReplayCommand(words, offset: UInt64(index)))
    }
    return replay
  }

  private func text(_ replay: Replay, _ key: String) throws -> String? {
    try replay.execution.string(Array(key.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aLapsedKeyIsThereForTheCommandsThatFollow() throws {
    let replay = try replay(["SET k 10 PXAT 1000", "INCR k", "SET k 5 NX", "GETEX k PXAT 2000"])
    #expect(try text(replay, "k") == "11")
    #expect(try replay.execution.key(Array("k".utf8))?.expiry == UnixMilliseconds(2000))
  }

  @Test("SAT with SET gives the highest number where the distance from a very negative one overflows on servers")
  func saturationOfVeryNegativeNumbers() throws {
    for (step, byte) in [
      ("SET i8 0 -9223372036854775700", UInt8(127)), ("SET i8 0 -9223372036854742000", 128),
      ("INCRBY i8 0 -9223372036854775808", 128),
    ] {
      let replay = try replay(["BITFIELD k OVERFLOW SAT \(step)"])
      #expect(try replay.execution.string(Array("k".utf8)) == [byte])
    }
  }

  @Test func relativeExpiriesCountFromTheTimeOfTheReplay() throws {
    let replay = try replay(["SET k v EX 5", "SETEX l 6 v", "PSETEX m 7 v"])
    let times = try ["k", "l", "m"].map { try replay.execution.key(Array($0.utf8))?.expiry?.value }
    #expect(times == [1_005_000, 1_006_000, 1_000_007])
  }

  @Test(arguments: [
    "SETRANGE k 500000000 x", "SETRANGE k 9223372036854775807 x", "SETBIT k 4294967295 1",
    "SETBIT k 9223372036854775807 1",
    "BITFIELD k SET u8 9223372036854775600 1", "BITFIELD k INCRBY i64 #99999999999 1",
  ])
  func aStringDoesNotGrowBeyondTheMemoryLimit(_ line: String) {
    let error = #expect(throws: RDBError.self) { try replay(["SET j v", line]) }
    #expect(error?.code == .replayMemory)
    #expect(error?.offset == 1)
  }

  @Test func appendingEndsAtTheMemoryLimit() {
    let part = String(repeating: "x", count: 1000)
    let error = #expect(throws: RDBError.self) {
      try replay(Array(repeating: "APPEND k \(part)", count: 20), memoryLimit: 10_000)
    }
    #expect(error?.code == .replayMemory)
  }

  @Test(arguments: [
    ("0.1", "0.2", "0.3"), ("0", "1e-17", "0.00000000000000001"), ("-1", "1", "0"), ("0", "-0", "0"),
    ("5.0e3", "200", "5200"), ("0x10", "1", "17"), ("1e18", "1", "1000000000000000001"),
  ])
  func floatsAreWrittenAsServersWriteThem(_ former: String, _ increment: String, _ sum: String) throws {
    #expect(try text(replay(["SET k \(former)", "INCRBYFLOAT k \(increment)"]), "k") == sum)
  }

  @Test func setWithIfeqIsAnErrorBeforeTheReleaseThatHasIt() throws {
    #expect(try text(replay(["SET k a", "SET k b IFEQ a"]), "k") == "a")
  }
}
