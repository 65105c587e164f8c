import RDB
import RDBFormat
import RDBReplay
import TestSupport
import Testing

@Suite("Transactions of a log")
struct TransactionTests {
  @Test("Are handed out at EXEC, with the offsets of MULTI and EXEC")
  func order() {
    let bytes = arrays("SET a 1", "MULTI", "SET b 2", "#TS:1700000000", "set c 3", "exec", "SET d 4")
    #expect(
      LogReading(bytes).lines == [
        "part 0", "0 SET a 1", "begin 27", "42 SET b 2", "time 1700000000000", "85 set c 3", "end 112", "126 SET d 4",
      ])
  }

  @Test("Have no effect if they are nested, and end with the first EXEC")
  func nested() {
    let reading = LogReading(arrays("MULTI", "MULTI", "SET a 1", "EXEC", "EXEC"))
    #expect(reading.lines == ["part 0", "begin 0", "30 SET a 1", "end 57", "fails 71 EXEC: EXEC without MULTI"])
    #expect(reading.notes == ["nestedTransaction 0:15 0"])
  }

  @Test("Count MULTI and EXEC with arguments as failed commands, as a server does")
  func wrongArguments() {
    #expect(
      LogReading(arrays("MULTI x", "EXEC x", "MULTI", "EXEC x", "SET a 1", "EXEC")).lines == [
        "part 0", "fails 0 MULTI x: wrong number of arguments", "fails 22 EXEC x: EXEC without MULTI", "begin 43",
        "fails 58 EXEC x: wrong number of arguments", "79 SET a 1", "end 106",
      ])
  }

  @Test("End with DISCARD in a file of one part, and are damage in a part of several")
  func discard() {
    let bytes = arrays("DISCARD", "MULTI", "SET a 1", "DISCARD", "SET b 1")
    let reading = LogReading(bytes)
    #expect(reading.lines == ["part 0", "fails 0 DISCARD: DISCARD without MULTI", "76 SET b 1"])
    #expect(reading.notes == ["discardedTransaction 0:59 0"])
    let parts = [
      LogPart(name: "base.aof", role: .base) { MemorySource([]) },
      LogPart(name: "incr.aof", role: .incremental) { MemorySource(bytes) },
    ]
    #expect(
      LogReading(CommandLog(parts)).error
        == """
        corruptRESP at offset 59 of incr.aof: expected EXEC, which ends the transaction, found DISCARD, on which \
        servers crash while they load the file
        """)
  }
}

@Suite("Stop points of a log")
struct StopTests {
  static let bytes = arrays(
    "#TS:1700000000", "SET a 1", "MULTI", "SET b 2", "#TS:1700000005", "SET c 3", "EXEC", "#TS:1700000009", "FLUSHALL")

  @Test("At a time, reading ends before the first later annotation, or before the transaction that contains it")
  func time() {
    func commands(_ time: Int64) -> [String] {
      LogReading(Self.bytes) { $0.stop = .time(UnixMilliseconds(time)) }.commands
    }
    #expect(commands(1_700_000_000_000) == ["SET a 1"])
    #expect(commands(1_700_000_004_999) == ["SET a 1"])
    #expect(commands(1_700_000_005_000) == ["SET a 1", "SET b 2", "SET c 3"])
    #expect(commands(1_700_000_008_999) == ["SET a 1", "SET b 2", "SET c 3"])
    #expect(commands(1_700_000_009_000) == ["SET a 1", "SET b 2", "SET c 3", "FLUSHALL"])
    #expect(
      LogReading(Self.bytes) { $0.stop = .time(UnixMilliseconds(1_700_000_001_000)) }.notes == ["stopped 0:43 0"])
  }

  @Test("A time is refused if the log has no annotations, or begins at a later time")
  func timeless() {
    #expect(
      LogReading(arrays("SET a 1")) { $0.stop = .time(UnixMilliseconds(1)) }.error
        == "refused at offset 0: expected a log with times (#TS:), found one without")
    #expect(
      LogReading(Self.bytes) { $0.stop = .time(UnixMilliseconds(1_699_999_999_999)) }.error
        == """
        refused at offset 0: expected a time from 1700000000000 on, when the log begins (in milliseconds), \
        found 1699999999999
        """)
    // What comes before the first annotation is the state before it.
    let late = arrays("SET a 1", "#TS:1700000000", "SET b 1")
    #expect(LogReading(late) { $0.stop = .time(UnixMilliseconds(5)) }.commands == ["SET a 1"])
  }

  @Test("At an offset, all commands and transactions that end before it are read")
  func offset() {
    let bytes = arrays("SET a 1", "MULTI", "SET b 2", "EXEC", "SET c 3")
    func reading(_ offset: UInt64) -> LogReading { LogReading(bytes) { $0.stop = .offset(offset, file: nil) } }
    #expect(reading(0).commands == [])
    #expect(reading(26).commands == [])
    #expect(reading(27).commands == ["SET a 1"])
    #expect(reading(82).commands == ["SET a 1"])
    #expect(reading(82).notes == ["stopped 0:27 0"])
    #expect(reading(83).commands == ["SET a 1", "SET b 2"])
    #expect(reading(110).commands == ["SET a 1", "SET b 2", "SET c 3"])
    #expect(
      reading(111).error == "refused at offset 0: expected an offset up to 110, the end of the file, found 111")
  }

  @Test("An offset in a log of several files names its file, and later files are not read")
  func offsetOfFile() {
    let parts = [
      LogPart(name: "base.aof", role: .base) { MemorySource(arrays("SET a 1")) },
      LogPart(name: "1.aof", role: .incremental) { MemorySource(arrays("SET b 1", "SET c 1")) },
      LogPart(name: "2.aof", role: .incremental) { MemorySource(arrays("SET d 1")) },
    ]
    func reading(_ offset: UInt64, _ file: String?) -> LogReading {
      var options = LogOptions()
      options.stop = .offset(offset, file: file)
      return LogReading(CommandLog(parts, options))
    }
    #expect(reading(27, "1.aof").commands == ["SET a 1", "SET b 1"])
    #expect(reading(54, "1.aof").commands == ["SET a 1", "SET b 1", "SET c 1"])
    #expect(reading(27, "1.aof").notes == ["stopped 1:27 0"])
    #expect(
      reading(5, nil).error == "refused at offset 0: expected an offset with the name of its file, found one without")
    #expect(
      reading(5, "3.aof").error == "refused at offset 0: expected the name of a file of the log, found \"3.aof\"")
  }

  @Test("A cut tail after the stop point is no error")
  func cutAfterStop() {
    let bytes = arrays("SET a 1", "SET b 1")
    let reading = LogReading(Array(bytes.dropLast())) { $0.stop = .offset(30, file: nil) }
    #expect(reading.error == nil)
    #expect(reading.commands == ["SET a 1"])
  }
}
