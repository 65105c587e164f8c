import RDB
import RDBReplay
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
}
