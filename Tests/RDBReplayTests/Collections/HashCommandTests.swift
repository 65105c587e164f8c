import Foundation
import RDB
import RDBFormat
import RDBReplay
import Testing

@Suite("Replaying the commands of hashes")
struct HashCommandTests {
  @Test("HSET, HSETNX, HDEL and HINCRBY change fields; a hash without fields is deleted")
  func fields() throws {
    let harness = ReplayHarness()
    try harness.run("HSET h a 1 b 2 a 3", "HSETNX h a 9", "HSETNX h c 4", "HINCRBY h a -5", "HINCRBY h d 7")
    #expect(try harness.text("h") == #""a" "-2", "b" "2", "c" "4", "d" "7""#)
    try harness.run("HDEL h a b c x", "HDEL h d")
    #expect(try harness.value("h") == nil)
  }

  @Test("Setting a field removes its expiry; incrementing it does not")
  func expiryOfChangedField() throws {
    let harness = ReplayHarness()
    try harness.run("HSET h a 1 b 2", "HPEXPIREAT h 9000000000000 FIELDS 2 a b", "HSET h a 1", "HINCRBY h b 1")
    #expect(try harness.text("h") == #""a" "1", "b" "3" until 9000000000000"#)
  }

  @Test(
    "HINCRBYFLOAT writes up to 17 digits after the point, without zeros at the end",
    arguments: [
      ("0.1", "0.2", "0.3"), ("10.5", "0.1", "10.6"), ("5.0e3", "2.0e2", "5200"), ("1e-17", "0", "0.00000000000000001"),
      ("1e-18", "0", "0"), ("0.99999999999999999", "0.000000000000000009", "1"), ("-0", "0", "0"), ("3", "-3", "0"),
      ("123456789012345678", "0.5", "123456789012345678.5"), ("0.000000000000000005", "0", "0"),
      ("-1.5", "0.25", "-1.25"),
      ("0x1p-20", "0", "0.00000095367431641"), ("1e4000", "-1e4000", "0"),
      ("9007199254740993", "0.125", "9007199254740993.125"),
      ("1e70", "0", "10000000000000000000222479489586148259025995410601157579323600873193472"),
    ])
  func increments(value: String, increment: String, sum: String) throws {
    #if arch(x86_64)
      let harness = ReplayHarness()
      try harness.run("HSET h f \(value)", "HINCRBYFLOAT h f \(increment)")
      #expect(try harness.text("h") == "\"f\" \"\(sum)\"")
    #endif
  }

  @Test(
    "A command with wrong arguments fails and changes nothing",
    arguments: [
      "HSET h a", "HSET h a 1 b", "HSET s a 1", "HINCRBY h a x", "HINCRBY h text 1", "HINCRBY h a 9223372036854775807",
      "HINCRBYFLOAT h a inf", "HINCRBYFLOAT h text 1", "HINCRBYFLOAT h a 1e5000", "HDEL s a",
      "HPEXPIREAT h x FIELDS 1 a",
      "HPEXPIREAT h -1 FIELDS 1 a", "HPEXPIREAT h 5 FIELDS 2 a", "HPEXPIREAT h 5 NX XX FIELDS 1 a",
      "HPEXPIREAT h 70368744177664 FIELDS 1 a", "HSETEX h FIELDS 1 a", "HSETEX h EX 5 KEEPTTL FIELDS 1 a 1",
      "HGETEX h PERSIST EX 5 FIELDS 1 a", "HGETDEL h FIELDS 0", "HPERSIST h FIELD 1 a",
      "HEXPIRE h 9223372036854775807 FIELDS 1 a",
    ])
  func failures(command: String) throws {
    let harness = ReplayHarness()
    try harness.run("HSET h a 1 text x", "SADD s a")
    #expect(try harness.fails(command))
  }

  @Test("A hash with more than 512 fields, or with one of more than 64 bytes, becomes a hash table and stays one")
  func encodings() throws {
    let harness = ReplayHarness()
    for index in 0..<512 { try harness.run("HSET many \(index) x") }
    try harness.run("HSET long f \(String(repeating: "x", count: 64))")
    #expect(harness.encodings() == [Array("many".utf8): "listpack", Array("long".utf8): "listpack"])
    try harness.run(
      "HSET many more x", "HDEL many more", "HSET long f \(String(repeating: "x", count: 65))", "HSET long f x")
    #expect(harness.encodings() == [Array("many".utf8): "hashtable", Array("long".utf8): "hashtable"])
  }

  @Test("A hash that had field expiries is a listpackex in Redis and a hash table in Valkey")
  func encodingWithExpiries() throws {
    for (server, encoding) in [
      (ServerVersion(.redis, 8, 2), "listpackex"), (ServerVersion(.valkey, 9, 1), "hashtable"),
    ] {
      let harness = ReplayHarness(server)
      try harness.run("HSETEX h PXAT 9000000000000 FIELDS 1 a 1", "HPERSIST h FIELDS 1 a")
      #expect(harness.encodings() == [Array("h".utf8): encoding])
      #expect(try harness.text("h") == #""a" "1""#)
    }
  }

  @Test("Redis does not see expired fields in HSETNX, HPERSIST, HGETDEL and FXX; Valkey does")
  func lapsedFields() throws {
    let commands = ["HSETNX h a 9", "HPERSIST h FIELDS 1 b", "HGETDEL h FIELDS 1 c", "HSETEX h FXX FIELDS 1 d 9"]
    let expected = [
      ServerVersion(.redis, 8, 2): #""b" "1" until 5, "c" "1" until 5, "d" "1" until 5, "a" "9""#,
      ServerVersion(.valkey, 9, 1): #""a" "1" until 5, "b" "1", "d" "9""#,
    ]
    for (server, text) in expected {
      let harness = ReplayHarness(server)
      try harness.run("HSET h a 1 b 1 c 1 d 1", "HPEXPIREAT h 5 FIELDS 4 a b c d")
      for command in commands { try harness.run(command) }
      // Redis appends a field that it sets anew; the order of fields has no meaning.
      let found = try harness.text("h")!.components(separatedBy: ", ").sorted()
      #expect(found == text.components(separatedBy: ", ").sorted(), "\(server)")
    }
  }

  @Test("Redis finds a field that lapsed after the time of the last annotation")
  func fieldsThatLapseLater() throws {
    for (time, text) in [(4, #""a" "1""#), (6, #""a" "1" until 5"#)] {
      let harness = ReplayHarness()
      try harness.run("HSET h a 1", "HPEXPIREAT h 5 FIELDS 1 a")
      harness.replay.setTime(UnixMilliseconds(Int64(time)))
      try harness.run("HPERSIST h FIELDS 1 a")
      #expect(try harness.text("h") == text)
    }
  }

  @Test("HPEXPIREAT applies NX, XX, GT and LT to each field by itself")
  func conditions() throws {
    let harness = ReplayHarness()
    try harness.run(
      "HSET h a 1 b 1", "HPEXPIREAT h 2000000000000 FIELDS 1 a", "HPEXPIREAT h 3000000000000 NX FIELDS 2 a b",
      "HPEXPIREAT h 4000000000000 LT FIELDS 2 a b", "HPEXPIREAT h 2500000000000 GT FIELDS 2 a b")
    #expect(try harness.text("h") == #""a" "1" until 2500000000000, "b" "1" until 3000000000000"#)
  }
}
