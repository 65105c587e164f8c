import Foundation
import RDB
import RDBReplay
import TestSupport
import Testing

@Suite("Replaying the commands of sorted sets")
struct SortedSetCommandTests {
  @Test("ZADD applies NX, XX, GT, LT and INCR")
  func options() throws {
    let harness = ReplayHarness()
    try harness.run(
      "ZADD z 1 a 2 b 3 c", "ZADD z NX 9 a 4 d", "ZADD z XX CH 5 b 6 new", "ZADD z GT 2 c 7 d", "ZADD z LT 0.5 a",
      "ZADD z INCR 10 c", "ZINCRBY z -1 b", "ZADD none XX 1 a")
    #expect(try harness.text("z") == #""a" 0.5, "b" 4.0, "d" 7.0, "c" 13.0"#)
    #expect(try harness.value("none") == nil)
  }

  @Test("Members are removed by rank, score, name and from both ends")
  func removals() throws {
    let harness = ReplayHarness()
    try harness.run(
      "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", "ZREMRANGEBYRANK z 0 0", "ZREMRANGEBYSCORE z (2 3", "ZPOPMIN z",
      "ZPOPMAX z",
      "BZMPOP 0 1 z MAX", "ZREM z x")
    #expect(try harness.text("z") == #""d" 4.0, "e" 5.0"#)
    try harness.run("ZADD n 0 a 0 b 0 c 0 d", "ZREMRANGEBYLEX n [b (d", "ZMPOP 1 z MIN COUNT 9")
    #expect(try harness.text("n") == #""a" 0.0, "d" 0.0"#)
    #expect(try harness.value("z") == nil)
  }

  @Test("STORE commands apply WEIGHTS and AGGREGATE; the members of sets have a score of 1")
  func operations() throws {
    let harness = ReplayHarness()
    try harness.run(
      "ZADD a 1 x 2 y", "ZADD b 10 y 20 z", "SADD s y z", "ZUNIONSTORE u 2 a b WEIGHTS 2 0.5",
      "ZINTERSTORE i 3 a b s AGGREGATE MAX",
      "ZDIFFSTORE d 2 a s", "ZRANGESTORE r u +inf -inf BYSCORE REV LIMIT 1 1")
    #expect(try harness.text("u") == #""x" 2.0, "y" 9.0, "z" 10.0"#)
    #expect(try harness.text("i") == #""y" 10.0"#)
    #expect(try harness.text("d") == #""x" 1.0"#)
    #expect(try harness.text("r") == #""y" 9.0"#)
  }

  @Test("The sum of opposite infinities is 0 in a union, and an error in ZINCRBY")
  func infinities() throws {
    let harness = ReplayHarness()
    try harness.run("ZADD a inf x", "ZADD b -inf x", "ZUNIONSTORE u 2 a b")
    #expect(try harness.text("u") == #""x" 0.0"#)
    #expect(try harness.fails("ZINCRBY a -inf x"))
  }

  @Test(
    "A command with wrong arguments fails and changes nothing",
    arguments: [
      "ZADD z x a", "ZADD z nan a", "ZADD z 1e400 a", "ZADD z 1 a 2", "ZADD z NX XX 1 a", "ZADD z GT LT 1 a",
      "ZADD z INCR 1 a 2 b",
      "ZADD l 1 a", "ZINCRBY z x a", "ZREMRANGEBYSCORE z a b", "ZREMRANGEBYLEX z a b", "ZREMRANGEBYRANK z 0 x",
      "ZPOPMIN z -1",
      "ZPOPMIN z 1 2", "ZUNIONSTORE d 0 z", "ZUNIONSTORE d 2 z", "ZUNIONSTORE d 1 l", "ZUNIONSTORE d 1 z WEIGHTS x",
      "ZINTERSTORE d 1 z AGGREGATE AVG", "ZDIFFSTORE d 1 z WEIGHTS 1", "ZRANGESTORE d z 0 1 LIMIT 0 1",
      "ZRANGESTORE d z 0 1 WITHSCORES",
      "GEOADD z 181 0 a", "GEOADD z 0 86 a", "GEORADIUS z 0 0 1 parsec STORE d", "GEORADIUS z 0 0 -1 km STORE d",
      "GEOSEARCHSTORE d z FROMMEMBER none BYRADIUS 1 km", "GEOSEARCHSTORE d z FROMLONLAT 0 0 BYRADIUS 1 km COUNT 0",
    ])
  func failures(command: String) throws {
    let harness = ReplayHarness()
    try harness.run("ZADD z 1 a 2 b", "RPUSH l a")
    #expect(try harness.fails(command))
  }

  @Test("Hexadecimal scores are numbers in Redis and errors in Valkey")
  func hexadecimalScores() throws {
    let harness = ReplayHarness()
    try harness.run("ZADD z 0x10 a", "ZADD z 0X1.8p1 b", "ZADD z +Infinity c")
    #expect(try harness.text("z") == #""b" 3.0, "a" 16.0, "c" inf"#)
    #expect(try ReplayHarness(ServerVersion(.valkey, 9, 1)).fails("ZADD z 0x10 a"))
  }

  @Test("Geographic positions are stored as 52-bit scores, and members are found by distance")
  func places() throws {
    let harness = ReplayHarness()
    try harness.run("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania")
    #expect(try harness.text("g") == #""Palermo" 3479099956230698.0, "Catania" 3479447370796909.0"#)
    try harness.run(
      "GEORADIUS g 15 37 100 km STORE near", "GEOSEARCHSTORE far g FROMMEMBER Palermo BYBOX 400 400 km DESC COUNT 1")
    #expect(try harness.text("near") == #""Catania" 3479447370796909.0"#)
    #expect(try harness.text("far") == #""Catania" 3479447370796909.0"#)
    try harness.run("GEOSEARCHSTORE distances g FROMMEMBER Palermo BYRADIUS 200 km STOREDIST")
    guard case .zset(let zset)? = try harness.value("distances") else { return }
    #expect(zset.elements.map { Int($0.score) } == [0, 166])
  }

  @Test("A sorted set keeps 20,000 members in order while scores change")
  func order() throws {
    let harness = ReplayHarness()
    var random = SeededGenerator(seed: 7)
    var expected: [String: Int] = [:]
    for _ in 0..<20_000 {
      let (member, score) = ("m\(Int.random(in: 0..<5000, using: &random))", Int.random(in: -900...900, using: &random))
      if score % 4 == 0 {
        try harness.run("ZREM z \(member)")
        expected[member] = nil
      } else {
        try harness.run("ZADD z \(score) \(member)")
        expected[member] = score
      }
    }
    guard case .zset(let zset)? = try harness.value("z") else { return }
    let sorted = expected.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    #expect(zset.elements.map { String(decoding: $0.member, as: UTF8.self) } == sorted.map(\.key))
    #expect(zset.elements.map { Int($0.score) } == sorted.map(\.value))
  }

  @Test("SORT stores elements by number, by text, and by the keys that BY and GET name")
  func sorting() throws {
    let harness = ReplayHarness()
    try harness.run(
      "RPUSH l 10 9 2", "SET w_10 1", "SET w_9 3", "SET w_2 2", "HSET h_9 name nine", "SORT l STORE numbers",
      "SORT l ALPHA DESC STORE texts", "SORT l BY w_* LIMIT 1 5 GET # GET h_*->name STORE weights",
      "SORT l BY nosort STORE same")
    #expect(try harness.text("numbers") == #""2" "9" "10""#)
    #expect(try harness.text("texts") == #""9" "2" "10""#)
    #expect(try harness.text("weights") == #""2" "" "9" "nine""#)
    #expect(try harness.text("same") == #""10" "9" "2""#)
    try harness.run("RPUSH words a b")
    #expect(try harness.fails("SORT words STORE numbers"))
    try harness.run("SORT none STORE numbers")
    #expect(try harness.value("numbers") == nil)
  }

  @Test("SORT takes the numbers that the server takes")
  func sortedNumbers() throws {
    let texts = ["1e400", "1e-400", "1e-310", "0x10", "inf"]
    let accepted: [ServerVersion: [String]] = [
      ServerVersion(.redis, 7, 0): ["0x10", "inf"],
      ServerVersion(.redis, 8, 2): ["1e400", "1e-400", "1e-310", "inf"],
      ServerVersion(.valkey, 9, 1): ["1e-310", "inf"],
    ]
    for (server, accepted) in accepted {
      for text in texts {
        let harness = ReplayHarness(server)
        try harness.run("RPUSH l \(text)", "SORT l STORE sorted")
        #expect(harness.failureCount == (accepted.contains(text) ? 0 : 1), "\(server) \(text)")
      }
    }
  }

  @Test("ZRANGESTORE with REV adds the greatest score first, so that a long set keeps the −0 of its last member")
  func reversedRange() throws {
    let harness = ReplayHarness()
    try harness.run("ZADD z " + (1...128).map { "\($0) m\($0)" }.joined(separator: " ") + " -0 zero")
    try harness.run("ZRANGESTORE reversed z 0 -1 REV", "ZRANGESTORE forward z 0 -1")
    for (key, sign) in [("reversed", FloatingPointSign.minus), ("forward", .plus)] {
      guard case .zset(let zset)? = try harness.value(key) else {
        Issue.record("\(key) is no sorted set")
        continue
      }
      #expect(zset.elements.first?.score.sign == sign, "\(key)")
    }
  }

  @Test("A search around a place finds no member whose score is no cell")
  func scoresThatAreNoCells() throws {
    let harness = ReplayHarness()
    try harness.run("ZADD z -18 below 1.495 cell 4503599627370496 above")
    try harness.run("GEOSEARCHSTORE d z FROMLONLAT -71.38 -26.45 BYRADIUS 30000 km")
    #expect(try harness.text("d") == #""cell" 1.495"#)
  }
}
