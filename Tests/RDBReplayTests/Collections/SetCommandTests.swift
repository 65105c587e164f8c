import RDB
import RDBFormat
import RDBReplay
import TestSupport
import Testing

@Suite("Replaying the commands of sets")
struct SetCommandTests {
  @Test("SADD, SREM, SMOVE and the STORE forms change members")
  func members() throws {
    let harness = ReplayHarness()
    try harness.run(
      "SADD a 1 2 3", "SADD b 3 4", "SUNIONSTORE u a b none", "SINTERSTORE i a b", "SDIFFSTORE d a b", "SMOVE a b 1",
      "SMOVE a a 2", "SREM a 2 9")
    #expect(try harness.text("u") == #""1" "2" "3" "4""#)
    #expect(try harness.text("i") == #""3""#)
    #expect(try harness.text("d") == #""1" "2""#)
    #expect(try harness.text("a") == #""3""#)
    #expect(try harness.text("b") == #""1" "3" "4""#)
    try harness.run("SINTERSTORE u a none", "SPOP b 3")
    #expect(try harness.value("u") == nil)
    #expect(try harness.value("b") == nil)
  }

  @Test("SPOP of some members is not replayed: they are chosen at random")
  func randomMembers() throws {
    let harness = ReplayHarness()
    try harness.run("SADD s a b", "SPOP s 0")
    #expect(throws: RDBError.self) { try harness.run("SPOP s") }
  }

  @Test(
    "A command with wrong arguments fails and changes nothing",
    arguments: [
      "SADD l a", "SMOVE s l a", "SINTERSTORE s s l", "SUNIONSTORE s l", "SPOP s -1", "SPOP s 1 2", "SREM l a",
    ])
  func failures(command: String) throws {
    let harness = ReplayHarness()
    try harness.run("SADD s a b", "RPUSH l a")
    #expect(try harness.fails(command))
  }

  @Test("A set of integers is an intset; a text makes it a listpack, or a hash table before 7.2")
  func encodings() throws {
    let key = Array("s".utf8)
    for (server, encoding) in [(ServerVersion(.redis, 7, 0), "hashtable"), (ServerVersion(.redis, 8, 2), "listpack")] {
      let harness = ReplayHarness(server)
      try harness.run("SADD s 1 2 3")
      #expect(harness.encodings() == [key: "intset"])
      try harness.run("SADD s text", "SREM s text")
      #expect(harness.encodings() == [key: encoding])
    }
  }

  @Test("An intset keeps the length of its members when the longest is removed")
  func widthOfAnIntset() throws {
    let lines = ["SADD s 32768 88", "SREM s 32768"]
    let commands = lines.map { $0.split(separator: " ").map { Array($0.utf8) } }
    let once = try intset(LogSample(commands: commands))
    #expect(once.count == 8 + 4)
    // The same set, loaded and changed again.
    let snapshot = RDBBytes.snapshot(
      version: 11, RDBBytes.key(ValueType.setIntset.code, RDBBytes.string(once), name: "s"))
    let again = try intset(LogSample(base: snapshot, commands: [["SADD", "s", "5"].map { Array($0.utf8) }]))
    #expect(again.count == 8 + 2 * 4)
  }

  private func intset(_ log: LogSample) throws -> [UInt8] {
    let source = ReplaySource(ReplayOptions(server: ServerVersion(.redis, 8, 2), now: .now)) { CommandLog(log.parts) }
    var reader = RDBReader(source)
    var sink = StoredBytes()
    try reader.read(into: &sink)
    return Array(sink.bytes.dropFirst())
  }
}

/// Collects the stored bytes of a snapshot's values.
private struct StoredBytes: SelectiveSink {
  static var events: SinkEvents { [.beginKey, .stored] }
  var bytes: [UInt8] = []

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest { .stored }
  mutating func stored(_ chunk: RawSpan) { bytes += [UInt8](chunk) }
}
